"""Who is known is not asked twice: what a form leaves out for a visitor who said before who they are.

Only what they said themselves counts as known (strongly recognised), and only as long as they give the same address: at
a browser that two people share the second is asked everything. Nothing that is known is ever shown.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.doors.doors import asks, standard
from ripeline.capture.models import Door, KnownVisitors
from ripeline.catalog.models import AnswerType, Meaning, Question
from ripeline.leads import queries
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import Enquiry, Lead
from ripeline.timeline import queries as timeline

HOLDS = timedelta(days=180)  # an answer older than this is asked for again
_LONG = (AnswerType.LONG_TEXT, AnswerType.CONSENT)  # of these none is asked unless the form has them itself


@dataclass(frozen=True)
class Known:
    """What is known of a visitor: which fields and answers, and by which keys they are somebody."""

    fields: frozenset[str]
    answers: frozenset[str]
    keys: frozenset[Key]

    def is_of(self, address: str) -> bool:
        """Whether this address is theirs; a different one is of somebody else at the same browser."""
        return identity.email(address) in self.keys


def of_visitor(door: Door, visitor: str) -> Known | None:
    """What is known of a visitor, as far as this form makes use of it; None if nothing is."""
    if door.known == KnownVisitors.ALIKE or not visitor:
        return None
    try:
        lead_id = timeline.lead_of(UUID(visitor))
        lead = queries.get(lead_id) if lead_id else None
    except (ValueError, Lead.DoesNotExist):
        return None
    if lead is None:
        return None
    said = Enquiry.objects.filter(lead__in=queries.family(lead), captured_at__gte=clock.now() - HOLDS)
    answers = {key for found in said.only("answers", "amended")[:100] for key in found.said}
    fields = {name for name in ("name", "company", "phone", "title") if getattr(lead, name)}
    return Known(frozenset(fields), frozenset(answers), frozenset(identity.keys_of({lead.pk}).get(lead.pk, ())))


def fields(door: Door, known: Known | None) -> dict[str, str]:
    """What of a person this form asks them; the e-mail address always."""
    return {name: how for name, how in door.fields.items() if not known or name not in known.fields}


def questions(door: Door, known: Known | None) -> list[tuple[Question, bool]]:
    """What this form asks them: its own questions less those answered, and if it is to, the next of the standard."""
    own = asks(door)
    if not known:
        return own
    left = [(question, must) for question, must in own if _is_asked(question, known.answers)]
    if door.known == KnownVisitors.MORE:
        listed = {question.key for question, _ in own} | known.answers
        more = [q for q in standard(language=door.language) if q.key not in listed and q.answer_type not in _LONG]
        left += [(question, False) for question in more[: len(own) - len(left)]]
    return left


def answered_besides(door: Door, asked: Sequence[tuple[Question, bool]], given: Collection[str]) -> list[Question]:
    """Questions of the standard that are answered though this page would not ask them: another page of the form did.

    It may have asked somebody else at the same browser. What whoever sends it has answered is theirs, and stays.
    """
    if door.known != KnownVisitors.MORE:
        return []
    listed = {question.key for question, _ in asked}
    return [
        q
        for q in standard(language=door.language)
        if q.key in given and q.key not in listed and q.answer_type not in _LONG
    ]


def _is_asked(question: Question, answered: Collection[str]) -> bool:
    """What they need now is always asked."""
    return question.meaning == Meaning.NEED or question.key not in answered
