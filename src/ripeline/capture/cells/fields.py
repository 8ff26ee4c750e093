"""The fields that a file may carry, and what people call them in their headings.

`longest` is what the database holds; a longer text is cut with a remark, and kept whole among the custom fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ripeline.capture.cells.headings import HEADINGS

Kind = Literal["leads", "outcomes", "companies", "activities"]
IGNORE = "ignore"
CUSTOM = "custom:"
SUBJECT = "subject"  # of what they said: stands above it
OTHER_PHONE = "other_phone"  # of which a person may have several
NEXT_AT = "next_at"  # the day on which somebody wanted to look again
DUE_AT = "due_at"  # the day of what is planned
ANSWER = "answer:"  # before the key of a question that is asked at every door


class Takes(StrEnum):
    """What a field's cells hold."""

    ID = "id"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    LINE = "line"
    LINES = "lines"
    DOMAIN = "domain"
    COUNTRY = "country"
    LANGUAGE = "language"
    MOMENT = "moment"
    MONEY = "money"
    CURRENCY = "currency"
    OUTCOME = "outcome"
    STATE = "state"
    OWNER = "owner"
    ACTIVITY = "activity"
    DONE = "done"
    YES_NO = "yes or no"
    OPT_OUT = "yes or no, or who unsubscribed"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name for the command line, its label, what it takes, and headings that mean it, the likeliest first.

    `is_strict`: a cell that cannot be read rejects its row; else it goes to the custom fields as it is, with a remark.
    """

    name: str
    label: str
    takes: Takes
    headings: tuple[str, ...]
    longest: int = 200
    is_strict: bool = False


def _field(name: str, label: str, takes: Takes, longest: int = 200, *, strict: bool = False) -> Field:
    return Field(name, label, takes, HEADINGS[name], longest, strict)


_LEADS = (
    _field("external_id", "Id in the other system", Takes.ID, 240, strict=True),
    _field("email", "E-mail", Takes.EMAIL, 254),
    _field("phone", "Phone", Takes.PHONE, 40),
    _field(OTHER_PHONE, "Another telephone", Takes.PHONE),
    _field("name", "Name", Takes.NAME),
    _field("first_name", "First name", Takes.LINE, 100),
    _field("last_name", "Last name", Takes.LINE, 100),
    _field("title", "Job title", Takes.LINE),
    _field("company", "Company", Takes.LINE),
    _field("website", "Web site", Takes.DOMAIN, 190),
    _field("country", "Country", Takes.COUNTRY, 2),
    _field("language", "Language", Takes.LANGUAGE, 10),
    _field("source", "Source", Takes.LINE, 160),
    _field("campaign", "Campaign", Takes.LINE, 160),
    _field("landing_page", "Landing page", Takes.LINE, 500),
    _field("captured_at", "When they came to us", Takes.MOMENT, strict=True),
    _field("message", "What they said", Takes.LINES, 20000),
    _field(SUBJECT, "What it was about", Takes.LINE),
    _field("note", "Our own note", Takes.LINES, 20000),
    _field("owner", "Sales rep", Takes.OWNER, 254),
    _field("state", "Where it stands", Takes.STATE),
    _field("stage", "Life-cycle stage", Takes.STATE),
    _field("state_at", "Since when it stands so", Takes.MOMENT),
    _field(NEXT_AT, "Next date", Takes.MOMENT),
    _field("next_note", "Next step", Takes.LINE, 300),
    _field("company_id", "Id of the company", Takes.LINE, 240),
    _field("amount", "Amount", Takes.MONEY),
    _field("currency", "Currency", Takes.CURRENCY, 3),
    _field("consent", "Agreed to mail", Takes.YES_NO),
    _field("opt_out", "Wants no mail", Takes.OPT_OUT),
    _field("consent_purpose", "Mail for what", Takes.LINE),
    _field("consent_at", "When they said so of mail", Takes.MOMENT),
    _field("consent_how", "How we know of mail", Takes.LINE, 80),
)
_OUTCOMES = (
    _field("deal_id", "Id of the deal", Takes.ID, 240),
    _field("external_id", "Id in the other system", Takes.ID, 240, strict=True),
    _field("email", "E-mail", Takes.EMAIL, 254),
    _field("person", "Name of the person", Takes.LINE),
    _field("outcome", "Outcome", Takes.OUTCOME, strict=True),
    _field("won_at", "Won on", Takes.MOMENT, strict=True),
    _field("lost_at", "Lost on", Takes.MOMENT, strict=True),
    _field("closed_at", "Closed on", Takes.MOMENT, strict=True),
    _field("reason", "Reason", Takes.LINE),
    _field("amount", "Amount", Takes.MONEY, strict=True),
    _field("currency", "Currency", Takes.CURRENCY, 3),
    _field("product", "Product", Takes.LINE),
    _field("company", "Company", Takes.LINE),
    _field("company_id", "Id of the company", Takes.LINE, 240),
    _field("opened_at", "Opened on", Takes.MOMENT),
    _field("expected_close", "Expected to close on", Takes.MOMENT),
    _field("pipeline_stage", "Stage of the deal", Takes.LINE, 40),
)
_COMPANIES = (
    Field(  # which may be called that of a company: there is no other here
        "external_id", "Id in the other system", Takes.ID, HEADINGS["external_id"] + HEADINGS["company_id"], 240, True
    ),
    _field("company", "Company", Takes.LINE),
    _field("website", "Web site", Takes.DOMAIN, 190),
    _field("owner", "Sales rep", Takes.OWNER, 254),
)
_ACTIVITIES = (
    _field("external_id", "Id of the person", Takes.ID, 240),
    _field("email", "E-mail", Takes.EMAIL, 254),
    Field("person", "Name of the person", Takes.LINE, (*HEADINGS["person"], "name", "full name", "lead")),
    _field("company", "Company", Takes.LINE),
    _field("happened_at", "When it was", Takes.MOMENT, strict=True),
    _field(DUE_AT, "When it is due", Takes.MOMENT),
    _field("activity", "What it was", Takes.ACTIVITY),
    _field("subject", "Subject", Takes.LINE),
    _field("body", "Text", Takes.LINES, 20000),
    _field("by", "Whose it was", Takes.NAME),
    _field("activity_id", "Id of the activity", Takes.LINE, 100),
    Field("done", "Whether it is done", Takes.DONE, (*HEADINGS["done"], "status")),
)
FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    "leads": {field.name: field for field in _LEADS},
    "outcomes": {field.name: field for field in _OUTCOMES},
    "companies": {field.name: field for field in _COMPANIES},
    "activities": {field.name: field for field in _ACTIVITIES},
}
