"""Bringing leads in, one at a time."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from ninja.params.functions import Header

from ripeline.api.schemas import EnquiryIn, EnquiryOut, Problem, answer_of, entry_of
from ripeline.capture.doors import machines

router = Router(tags=["enquiries"])
FAULTS = dict.fromkeys((400, 401, 403, 409, 422, 429, 503), Problem)


@router.post("/enquiries", response={201: EnquiryOut, 200: EnquiryOut} | FAULTS, operation_id="enquire")
def enquire(
    request: HttpRequest,
    given: EnquiryIn,
    idempotency_key: str = Header("", alias="Idempotency-Key", max_length=200, description="Yours; twice counts once."),
) -> Status[dict[str, Any]]:
    """Somebody came to you: a lead that is new here, or one that is known and came again.

    When this answers, it is kept, has somebody responsible, a next date and a score. Who is here already is found by
    e-mail address or external id; nothing on their record is overwritten.
    """
    found, is_new = machines.take(key=request.auth, entry=entry_of(given), idempotency_key=idempotency_key)  # type: ignore[attr-defined]
    return Status(201 if is_new else 200, answer_of(found, is_new))
