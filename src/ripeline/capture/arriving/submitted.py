"""A submission on its way in: the arrival that it is, and what follows once it has come in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ripeline.capture.arriving import first_visit, giving, languages, places, saying
from ripeline.capture.arriving.admission import Arrival, Result
from ripeline.capture.arriving.typed_phones import BESIDE, OTHERS
from ripeline.capture.models import DoorKind, Submission
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.decisions.deciding import By
from ripeline.leads.decisions.recognising import identify
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import IdentityKind
from ripeline.outbox import actions as outbox_actions
from ripeline.outbox import consent
from ripeline.outbox import queries as outbox
from ripeline.people import queries as people
from ripeline.people.models import Role
from ripeline.ripeness import actions as ripeness

_NAMED = frozenset({DoorKind.FORM, DoorKind.BOOTH, DoorKind.HOOK, DoorKind.API})  # of which there are several
OWN = frozenset({Role.REP})  # whom they meet is theirs


@dataclass(frozen=True)
class Brought:
    """A submission on its way in.

    `due`, `note`, `agreed`: when to be in touch, where whoever met them said so; `known`: the lead it is, likewise.
    `amends`: who they were by an earlier version of it: only an address that is new is added then, since what changed
    is corrected by itself (`amending`), and the rest may have been changed on the record since.
    """

    submission: Submission
    base_url: str = ""  # where we are reached, for links in mail
    due: datetime | None = None
    note: str = ""
    agreed: bool = False
    known: UUID | None = None
    amends: Mapping[str, str] | None = None


def arrival_of(brought: Brought) -> Arrival:
    """Who came, how, and whose they are."""
    submission = brought.submission
    door, content, capturer = submission.door, submission.content, submission.captured_by
    person = dict(content["person"])
    reference, others = person.pop("external_id", ""), person.pop(OTHERS, "").split()
    was = brought.amends if submission.lead_id else None
    keys = [identity.email(person.get("email", "")), identity.external(reference)]
    if capturer or not any(keys):  # what one of us has noted can be amended, an address added too
        keys.append(Key(IdentityKind.NATURAL, f"submission:{submission.pk}"))
    if known := brought.known:  # by whichever key says most
        keys += sorted(key for key in identity.keys_of({known}).get(known, ()) if not key.is_hint)[:1]
    trail = {name: said for name, said in submission.trail.items() if name not in ("visitor", "place")}
    if beside := "; ".join(filter(None, [str(trail.get(BESIDE, "")), content.get(BESIDE, "")])):
        trail[BESIDE] = beside
    if first := first_visit.of(str(submission.trail.get("visitor", "")), [key for key in keys if key]):
        trail["first"] = first
    named = content.get("campaign") or str(submission.trail.get("utm_campaign", ""))[:160]
    return Arrival(
        keys=tuple(key for key in keys if key),
        person=Person(reference=reference, other_phones=others, **person) if was is None
        else Person(
            email=person.get("email", "") if person.get("email") != was.get("email") else "",
        ),
        source=content.get("source") or door.source.name,
        campaign=door.campaign.name if door.campaign else named,
        context=Context(
            door=door.kind,
            door_name=door.name if door.kind in _NAMED else "",
            captured_at=_captured_at(submission),
            message=content["message"], answers=content["answers"], landing_page=content.get("page", ""),
            trail=trail, place=places.of(submission),
            captured_by_id=capturer.pk if capturer else None, event_key=f"submission:{submission.pk}",
        ),
        owner_id=capturer.pk if capturer and capturer.role in OWN else None,
        due=brought.due, note=brought.note, agreed=brought.agreed, corrects=False,
    )  # fmt: skip


def settle(came: Sequence[tuple[Brought, Result]]) -> None:
    """What follows from having come in: whose browser it was, a score, and what the form promised."""
    recognised = {each.submission.lead_id for each, _ in came if _recognise(each.submission)}
    leads = Counter(each.submission.lead_id for each, _ in came if each.submission.lead_id)
    made = {each.submission.lead_id for each, result in came if result is Result.CREATED}
    born = {lead_id for lead_id, times in leads.items() if times == 1 and lead_id in made - recognised}
    ripeness.rescore(leads, born=born)
    for each, _ in came:
        base_url = each.base_url or each.submission.content.get("base_url", "")
        _ask_to_confirm(each.submission, base_url)
        saying.note(each.submission, captured_at=_captured_at(each.submission), base_url=base_url)
        _give(each.submission, base_url)


def _captured_at(submission: Submission) -> datetime:
    said = submission.content.get("captured_at")
    return datetime.fromisoformat(said) if said else submission.received_at


def _give(submission: Submission, base_url: str) -> None:
    """What the form promised, by a link of their own in a mail."""
    asset, to = submission.door.gives, submission.content["person"].get("email", "")
    if not (asset and submission.lead_id and outbox_actions.is_address(to)):
        return
    outbox_actions.send(
        kind="asset", to=to, name=submission.content["person"].get("name", ""), lead_id=submission.lead_id,
        key=f"form {submission.pk}",
        context={"title": asset.title, "path": giving.path(asset, submission.lead_id), "base_url": base_url,
                 "language": languages.of(submission), "until": giving.until().isoformat()},
    )  # fmt: skip


def _ask_to_confirm(submission: Submission, base_url: str) -> None:
    """Who agreed to mail is asked to confirm it: anybody can write anybody's address into a form. Who was asked and
    did not agree is noted so.
    """
    content = submission.content
    agreed = {
        key: said["wording"] for key, said in content["answers"].items() if isinstance(said, dict) and said.get("given")
    }
    shown = agreed | content.get("declined", {})
    address, door = content["person"].get("email", ""), submission.door
    where = f"{door.get_kind_display().lower()}: {door.name}"
    for question in catalog.questions(retired=True) if shown and outbox_actions.is_address(address) else []:
        if question.key not in shown or not question.purpose:
            continue
        wording = outbox.wording_shown(question.purpose, shown[question.key])
        if question.key in agreed:
            evidence = consent.Evidence(how=f"Agreed by {where}", wording=wording)
            consent.ask(
                to=address, purpose=question.purpose, evidence=evidence, name=content["person"].get("name", ""),
                lead_id=submission.lead_id, base_url=base_url, language=languages.of(submission, wording),
            )  # fmt: skip
        else:
            evidence = consent.Evidence(how=f"Not ticked on {where}", wording=wording)
            consent.decline(to=address, purpose=question.purpose, evidence=evidence, lead_id=submission.lead_id)


def _recognise(submission: Submission) -> bool:
    """Who sent it has said who they are: what their browser did on the site, before and after, is theirs. Whether it
    was named."""
    try:
        visitor = UUID(str(submission.trail.get("visitor", "")))
    except ValueError:
        return False
    lead_id = submission.lead_id
    assert lead_id is not None
    by = By(people.system(), submission.door.kind, f"visitor:{submission.pk}")
    identify(visitor_id=visitor, lead_id=lead_id, by=by, how="form", since=submission.received_at)
    return True
