"""The present moment: what was settled last, who came this morning, and the day that lies ahead of everybody."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from ripeline.capture.arriving.admission import Arrival, admit, natural_key
from ripeline.demo import arriving, reception
from ripeline.demo.company import ALICE, SDR, TOM, YUSUF
from ripeline.demo.entrance import keep_booth
from ripeline.demo.reception import Known, newcomer
from ripeline.demo.scene import Stage
from ripeline.demo.telling import ORIGIN, Time
from ripeline.leads.decisions import actions, bulk
from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.decisions.bulk import Gift
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.doubles import duplicates, merging
from ripeline.leads.finding import saved
from ripeline.leads.knowing import identity
from ripeline.leads.models import IS_OPEN, Lead, NextKind, State
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness
from ripeline.routing import actions as routing
from ripeline.routing import prices
from ripeline.timeline import actions as timeline
from ripeline.worklist import actions as worklist

# Who has come lately and is not called yet: minutes ago, by what, who they are.
_FRESH = (
    (312, "trial", "title_director"),
    (236, "content_download", ""),
    (187, "quote_request", "title_c_level"),
    (118, "contact_form", ""),
    (71, "demo_request", "title_owner"),
    (24, "quote_request", "title_director"),
)
_MORE_ROOM = 20  # leads that each rep takes beside those in hand, from now on
_PROMISED = ("the price for two sites", "the study on missed appointments", "two references of their size")


def arrange(stage: Stage, time: Time) -> None:
    """Bring the story up to now."""
    evening = stage.calendar.at(stage.calendar.before(stage.day(stage.frontier), 1)) + timedelta(hours=8)
    _settle(stage, time, min(evening, stage.present - timedelta(hours=7)))
    _this_morning(stage, time)
    time.go(stage.present)
    ripeness.rescore()
    routing.return_due()
    routing.release()
    prices.renew()
    worklist.bring_forward()  # as the night did, before anybody's day was planned
    for user in stage.staff.desks:
        worklist.plan_for(user)
    _set_up_doors(stage)
    timeline.forget_reactions()


def _set_up_doors(stage: Stage) -> None:
    """The next show is at hand: its booth is there to be tried, and that of the last one shut."""
    marketer = stage.staff.marketer
    first = stage.calendar.after(stage.calendar.day(stage.present), 4)
    name = arriving.campaign("trade_show", first, stage.random)
    keep_booth(marketer, name, stage.calendar.at(first))
    stage.entrance.close(marketer)


def _settle(stage: Stage, time: Time, evening: datetime) -> None:
    """What was settled at the end of the last working day."""
    staff = stage.staff
    time.go(evening)
    _keep_one(stage)
    for user in staff.desks:
        _promise(stage, user)
    _hand_over(stage)
    _merge_two(stage, time, evening)
    _come_otherwise(stage, time, evening)
    _look_around(stage, time, evening)
    saved.save(actor=staff.reps[ALICE], name="Likely ready", query="view=mine&ripe=ripe&sort=ripest")


def _open_of(user: User) -> QuerySet[Lead]:
    return Lead.objects.filter(IS_OPEN, owner=user, responsible__user=user).order_by("next_at", "pk")


def _keep_one(stage: Stage) -> None:
    """Inside sales keeps whom she talked to last, and who will not talk to anybody else before it is clearer."""
    sdr = stage.staff.sdr
    queue = Lead.objects.filter(IS_OPEN, responsible=stage.staff.queue, last_reached_at__isnull=False)
    if lead := queue.filter(next_committed=False).order_by("-last_reached_at", "pk").first():
        why = {"rule": "by_hand", "to": sdr.name, "by": sdr.name}
        actions.give(lead.pk, By(sdr, ORIGIN, "keep"), to=stage.staff.responsibles[SDR], why=why)


def _promise(stage: Stage, user: User) -> None:
    """Something promised for the day ahead, where nothing has been."""
    day = stage.moment(stage.frontier)
    due = _open_of(user).filter(next_at__gte=day, next_at__lt=day + timedelta(days=1))
    if due.filter(next_kind=NextKind.PROMISE).exists():
        return
    talked = _open_of(user).filter(
        last_reached_at__isnull=False, state__in=(State.WORKING, State.QUALIFYING), next_committed=False
    )
    if lead := talked.order_by("-last_reached_at", "pk").first():
        note = stage.random.choice(_PROMISED)
        actions.set_next(
            lead.pk,
            By(user, ORIGIN, "promise"),
            next=Next(stage.moment(stage.frontier + 9 / 24), NextKind.PROMISE, note, True),
        )


def _hand_over(stage: Stage) -> None:
    """The leader gives Alice what falls due while Yusuf is away."""
    staff = stage.staff
    leave = staff.desks[YUSUF].absences.order_by("-first_day").first()
    assert leave is not None
    begins, ends = stage.calendar.at(leave.first_day), stage.calendar.end_of(leave.last_day)
    due = _open_of(staff.desks[YUSUF]).filter(state=State.WORKING, next_at__gte=begins, next_at__lt=ends)[:3]
    why = {"rule": "by_hand", "to": staff.desks[ALICE].name, "by": staff.leader.name}
    gifts = {lead.pk: Gift(staff.responsibles[ALICE], why) for lead in due}
    bulk.give_many(gifts, By(staff.leader, ORIGIN, "before the leave"))


def _merge_two(stage: Stage, time: Time, evening: datetime) -> None:
    """Two people rang without an address, and turned out to be here already."""
    alice = stage.staff.desks[ALICE]
    known = list(_open_of(alice).filter(state=State.WORKING).exclude(phone="").order_by("-captured_at", "pk")[:2])
    for hours, lead in enumerate(known, start=2):
        time.go(evening - timedelta(hours=hours))
        said = f"{lead.name[:1]}. {lead.name.split()[-1]}"  # with the whole name they would be known again
        person = Person(name=said, phone=lead.phone, company=lead.company, country=lead.country)
        context = Context(
            door="by_hand", captured_at=evening - timedelta(hours=hours), captured_by_id=alice.pk,
            message="Rang and asked whether the mail had arrived.",
        )  # fmt: skip
        key = natural_key(f"call {hours}", person, context.captured_at)
        arrival = Arrival(
            keys=(key,), person=person, context=context, source=arriving.SOURCES["inbound_call"], owner_id=alice.pk
        )
        (found,) = admit([arrival], actor=alice, origin=ORIGIN)
        assert found.lead_id
        time.go(evening - timedelta(hours=hours) + timedelta(minutes=6))
        merging.merge(survivor_id=lead.pk, duplicate_id=found.lead_id, by=By(alice, ORIGIN, f"merge:{hours}"))


def _come_otherwise(stage: Stage, time: Time, evening: datetime) -> None:
    """Two who are here already came once more, as people do: one asked for a guide from home, one rang without an
    address. Whoever works them is asked whether it is one person.
    """
    alice = stage.staff.desks[ALICE]
    here = _open_of(alice).filter(state=State.WORKING).exclude(phone="").exclude(email="").exclude(company="")
    known = list(here.order_by("-captured_at", "pk")[2:4])  # the first two are merged
    ways = (("content_download", "form", "Reads it at home."), ("inbound_call", "by_hand", "Rang about the price."))
    for hours, (lead, (kind, door, message)) in enumerate(zip(known, ways, strict=False), start=5):
        at = evening - timedelta(hours=hours)
        time.go(at)
        local = lead.email.partition("@")[0]
        email = f"{local}@{local.replace('.', '-')}.example" if door == "form" else ""
        phone = "" if email else lead.phone
        said = lead.name if door == "form" else f"{lead.name[:1]}. {lead.name.split()[-1]}"
        person = Person(name=said, company=lead.company, country=lead.country, email=email, phone=phone)
        context = Context(
            door=door, captured_at=at, message=message, landing_page=(page := arriving.page(kind)),
            place=arriving.place(kind, "", page), captured_by_id=None if door == "form" else alice.pk,
        )  # fmt: skip
        key = identity.email(person.email) or natural_key(f"otherwise {hours}", person, at)
        due = stage.moment(stage.frontier + (9 + hours) / 24)
        arrival = Arrival(
            keys=(key,), person=person, context=context, source=arriving.SOURCES[kind], owner_id=alice.pk, due=due
        )
        (found,) = admit([arrival], actor=alice, origin=ORIGIN)
        assert found.lead_id
        duplicates.find([lead.pk, found.lead_id])


def _look_around(stage: Stage, time: Time, evening: datetime) -> None:
    """Others have looked at a few records, which their owners are shown."""
    staff = stage.staff
    looks = ((staff.leader, TOM, 6), (staff.leader, ALICE, 2), (staff.admin, YUSUF, 2), (staff.sdr, ALICE, 2))
    for number, (viewer, desk, count) in enumerate(looks):
        for lead in _open_of(staff.desks[desk])[:count]:
            time.go(evening - timedelta(hours=stage.random.uniform(1, 60) + number))
            actions.note_view(lead, viewer)


def _this_morning(stage: Stage, time: Time) -> None:
    """Who came in the last hours, and is not called yet. Halfway the leader lets everybody take more leads."""
    leader = stage.staff.leader
    for number, (minutes, kind, seniority) in enumerate(_FRESH):
        at = stage.present - timedelta(minutes=minutes)
        time.go(at)
        if number == len(_FRESH) // 2:
            for rep in stage.staff.reps:
                in_hand = Lead.objects.filter(IS_OPEN, responsible__user=rep).count()
                people.change_user(actor=leader, user=rep, lead_cap=(in_hand + _MORE_ROOM) // 5 * 5)
        one = newcomer(
            stage,
            Known(seniority=seniority),
            kind=kind,
            at=at,
            campaign=arriving.campaign(kind, stage.calendar.day(at), stage.random),
            landing_page=arriving.page(kind, stage.random),
        )
        time.go(at + timedelta(seconds=1))
        list(reception.admit([one], stage, time))
