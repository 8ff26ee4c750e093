"""What the API takes and gives, as OpenAPI shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ripeline.capture.arriving.saying import Said
from ripeline.capture.doors.machines import Entry
from ripeline.capture.models import Submission

Line = Annotated[str, Field(max_length=300)]
Mark = Annotated[str, Field(max_length=500)]


class Trail(BaseModel):
    """How they got to the page."""

    model_config = ConfigDict(extra="forbid")
    referrer: Mark = ""
    utm_source: Mark = ""
    utm_medium: Mark = ""
    utm_campaign: Mark = ""
    utm_term: Mark = ""
    utm_content: Mark = ""
    visitor: Annotated[UUID | None, Field(description="Their browser, as the tracking script names it.")] = None


class ConsentIn(BaseModel):
    """What they said of one kind of mail. Leave out what they said nothing of: silence is neither yes nor no."""

    model_config = ConfigDict(extra="forbid")
    purpose: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        ..., description="Its code, as under Settings, Mail, Purposes."
    )
    agreed: bool = Field(..., description="false: they want no such mail (any more).")
    how: Annotated[str, Field(min_length=1, max_length=80)] = Field(
        ..., description="How you know, such as “box on the order page”: it is kept as evidence."
    )
    at: datetime | None = Field(
        None, description="When they said so, with a time zone; otherwise captured_at. The later word counts."
    )
    confirmed: bool = Field(
        False,
        description="The address is known to be theirs (your own double opt-in). Otherwise we ask them by mail.",
    )


class ConsentOut(BaseModel):
    """What became of one of `consents`."""

    purpose: str
    result: Literal["given", "withdrawn", "asked", "unchanged", "refused"] = Field(
        description="asked: it counts when they confirm it. refused: `why` says what they have said since."
    )
    why: str = ""


class EnquiryIn(BaseModel):
    """Somebody came to you. One of name, email, phone and external_id is enough; give all you know."""

    model_config = ConfigDict(extra="forbid")
    email: Line = ""
    name: Line = ""
    first_name: Line = ""
    last_name: Line = ""
    phone: Line = Field("", max_length=300, description="Any way of writing it; without a country code, yours.")
    company: Line = ""
    title: Line = Field("", max_length=300, description="What they do there.")
    website: Line = ""
    country: Line = Field("", max_length=300, description="ISO 3166 code, such as PT.")
    language: Line = Field(
        "", max_length=300, description="ISO 639 code, such as pt. In it they are asked to confirm, where we speak it."
    )
    external_id: Line = Field("", max_length=300, description="The id of this person in your system.")
    source: Annotated[str, Field(max_length=160)] = Field("", description="Whom to credit; otherwise the key's name.")
    campaign: Annotated[str, Field(max_length=160)] = ""
    place: Annotated[str, Field(max_length=200)] = Field(
        "", description="Where they came to you: a shop, a hall, a line; otherwise the page, or the key's name."
    )
    message: Annotated[str, Field(max_length=20_000)] = Field("", description="What they said.")
    landing_page: Mark = ""
    answers: dict[str, Any] = Field(
        default_factory=dict, max_length=100, description="By the key of the question, as in the capture standard."
    )
    consents: list[ConsentIn] = Field(
        default_factory=list, max_length=20, description="What they said of being written to; needs `email`."
    )
    trail: Trail = Field(default_factory=Trail)
    captured_at: datetime | None = Field(None, description="When they came, with a time zone; otherwise now.")


def entry_of(given: EnquiryIn) -> Entry:
    """What was sent, as capture takes it."""
    fields = given.model_dump(exclude={"answers", "trail", "captured_at", "consents"})
    trail = {name: str(value) for name, value in given.trail.model_dump().items() if value}
    return Entry(
        fields=fields, answers=given.answers, trail=trail, captured_at=given.captured_at,
        consents=[Said(**each.model_dump()) for each in given.consents],
    )  # fmt: skip


class EnquiryOut(BaseModel):
    """What became of it."""

    id: UUID = Field(description="Of what you sent.")
    lead: UUID | None = Field(description="The lead, as in its address.")
    result: Literal["created", "repeated"] = Field(description="repeated: the same Idempotency-Key was here before.")
    consents: list[ConsentOut] = Field(default_factory=list, description="What became of each, in your order.")


def answer_of(found: Submission, is_new: bool) -> dict[str, Any]:
    """What became of it, as `EnquiryOut` has it."""
    result = "created" if is_new else "repeated"
    return {"id": found.pk, "lead": found.lead_id, "result": result, "consents": found.content.get("consents", [])}


class Problem(BaseModel):
    """What is wrong, in words; `fields` by field where it is about one."""

    error: str
    fields: dict[str, str] = Field(default_factory=dict)
