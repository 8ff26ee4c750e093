"""The demo company as somebody finds it who opens it for the first time."""

import re
from collections import Counter
from datetime import timedelta

import phonenumbers
import pytest
from django.contrib.auth import authenticate
from django.db.models import F, Q
from django.test import Client

from ripeline.base import clock
from ripeline.capture.doors import doors
from ripeline.capture.in_person import booths
from ripeline.capture.models import Door, ImportRun, Submission
from ripeline.demo import build, company
from ripeline.demo.people import COUNTRIES
from ripeline.leads.doubles import duplicates
from ripeline.leads.models import IS_OPEN, Enquiry, Lead, RecordView, State
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Absence, Role, Tracking, User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.models import Score
from ripeline.timeline.models import Activity, Reaction
from ripeline.worklist import actions as worklist
from ripeline.worklist import queries as worklist_queries

pytestmark = pytest.mark.usefixtures("demo")


def reps() -> list[User]:
    return list(people.people().filter(role=Role.REP))


def test_nothing_lies_in_the_shoebox_and_nothing_waits_for_the_worker() -> None:
    assert worklist_queries.shoebox() == 0
    assert not Reaction.objects.exists()


def test_seven_people_in_two_teams_sell_in_one_country() -> None:
    found = Counter(people.people().values_list("role", flat=True))
    assert found == {Role.REP: 3, Role.ADMIN: 1, Role.LEADER: 1, Role.SDR: 1, Role.MARKETER: 1}
    assert len(people.teams()) == 2
    firm = working_time.company()
    assert (firm.name, firm.country, firm.currency, firm.is_demo) == ("Evenday", "GB", "GBP", True)
    assert set(people.people().values_list("tracking", flat=True)) == {Tracking.GUIDED, Tracking.OUTCOMES}


def test_everybody_can_sign_in_with_what_the_hint_says() -> None:
    hint = build.sign_in_hint()
    for user in people.people():
        assert user.email in hint
    assert company.PASSWORD in hint
    somebody = people.people().get(role=Role.SDR)
    assert authenticate(username=somebody.email, password=company.PASSWORD) == somebody


def test_nobody_in_it_is_real() -> None:
    for email in [*Lead.objects.exclude(email="").values_list("email", flat=True), *_users()]:
        assert email.endswith(".example"), email
    fiction = re.compile("|".join(re.escape(p).replace(r"\#", r"\d") for c in COUNTRIES for p in c.phone))
    numbers = Lead.objects.exclude(phone="").values_list("phone", flat=True)
    assert numbers
    for number in numbers:
        assert fiction.fullmatch(number), number
        assert phonenumbers.is_valid_number(phonenumbers.parse(number)), number


def _users() -> list[str]:
    return list(people.people().values_list("email", flat=True))


def test_each_rep_has_a_day_of_different_reasons() -> None:
    for rep in reps():
        day = worklist.plan_for(rep)
        labels = Counter(row.label for row in day.rows)
        assert 4 <= day.total <= 16, (rep.name, labels)  # a company of few leads: days of a dozen need the whole one
        assert len(labels) >= 3, (rep.name, labels)
        assert labels["You promised"] >= 1
        assert len({row.why for row in day.rows}) > day.total * 0.7
        assert day.belief is not None


def test_what_the_night_would_bring_forward_is_on_the_lists_already() -> None:
    assert worklist.bring_forward() == 0
    assert [worklist.plan_for(rep).came_in for rep in User.objects.filter(role=Role.REP)] == ["", "", ""]


def test_somebody_asked_for_us_this_morning_and_is_not_called_yet() -> None:
    fresh = Lead.objects.filter(captured_at__gte=clock.now() - timedelta(hours=6), touches=0)
    assert fresh.filter(owner__isnull=False, source__source_type="quote_request").exists()
    assert all(lead.captured_at <= clock.now() for lead in fresh)


def test_inside_sales_has_promised_to_ring_back_and_works_whoever_of_the_queue_is_due() -> None:
    """Of few leads most that wait find room with a rep, and who was spoken to lately rests: the queue may be short."""
    sdr = people.people().get(role=Role.SDR)
    waiting = Lead.objects.filter(IS_OPEN, responsible__code=people.QUALIFY)
    assert waiting.exists()
    day = worklist.plan_for(sdr)
    assert "You promised" in {row.label for row in day.rows}
    due = waiting.filter(next_at__lt=day.calendar.end_of(day.day))
    assert set(due.values_list("pk", flat=True)) <= {row.lead.pk for row in day.rows}


def test_the_old_spreadsheet_came_in_with_its_rejects_and_was_taken_up_again() -> None:
    run = ImportRun.objects.get()
    assert run.state == "done"
    assert run.rejected == 3
    assert run.reopened == run.created > 0
    assert Lead.objects.filter(import_run_id=run.pk, touches__gt=0).exists()


def test_open_deals_are_followed_and_some_are_won_lately() -> None:
    assert Lead.objects.filter(state=State.OPPORTUNITY, next_at__isnull=False).exists()
    won = Lead.objects.filter(state=State.WON)
    assert won.filter(opportunities__amount__gt=0, opportunities__currency="GBP").count() == won.count() > 0


def test_somebody_is_about_to_go_on_leave_and_is_covered() -> None:
    today = working_time.calendar_of(None).day(clock.now())
    coming = Absence.objects.get(first_day__gt=today)
    assert coming.cover is not None
    assert (coming.first_day - today).days < 21


def test_colleagues_have_looked_at_records_and_two_are_merged() -> None:
    assert RecordView.objects.exclude(viewer=F("owner")).count() == RecordView.objects.count() >= 4
    merged = Lead.objects.filter(merged_into__isnull=False)
    assert merged.count() == 2
    pairs = [(lead, lead.merged_into) for lead in merged.select_related("merged_into") if lead.merged_into]
    assert all(lead.phone == into.phone and lead.name.split()[-1] == into.name.split()[-1] for lead, into in pairs)


def test_two_who_came_otherwise_once_more_are_possible_duplicates() -> None:
    pairs = [pair for rep in reps() for pair in duplicates.open_pairs(rep)]
    assert len(pairs) >= 2
    said = [" ".join(pair.evidence) for pair in pairs]
    assert any("the same name" in words and "telephone" not in words for words in said)
    assert any("the same telephone" in words for words in said)


def test_timelines_begin_with_how_they_came_and_run_forward() -> None:
    arrived = dict(Activity.objects.filter(kind="captured").values_list("lead_id", "occurred_at"))
    touches = Activity.objects.filter(kind__in=("call", "email", "meeting")).values_list("lead_id", "occurred_at")
    assert all(arrived[lead] <= moment for lead, moment in touches)
    assert not Activity.objects.filter(occurred_at__gt=clock.now() + timedelta(minutes=1)).exists()
    assert not Activity.objects.filter(kind__in=("call", "email"), actor__is_system=True).exists()


def test_people_work_in_working_hours() -> None:
    calendar = working_time.calendar_of(None)
    for moment in Activity.objects.filter(kind__in=("call", "email", "meeting")).values_list("occurred_at", flat=True):
        local = moment.astimezone(calendar.zone)
        assert calendar.works(local.date()), local
        assert 8 <= local.hour < 19, local


def test_texts_fit_and_seldom_repeat_themselves() -> None:
    said = list(Activity.objects.exclude(body="").values_list("kind", "body"))
    assert not [body for _, body in said if re.search(r"[{}]|lorem|  |\.\.", body, re.I)]
    telling = [body for kind, body in said if kind not in ("call", "email") or len(body) > 40]
    assert len(set(telling)) > 0.85 * len(telling)
    reached = Activity.objects.filter(kind__in=("call", "email", "meeting"), data__reached=True)
    assert not reached.filter(body="").exclude(Q(lead_id__in=_given_up())).exists()
    assert Enquiry.objects.exclude(message="").count() > 0.2 * Enquiry.objects.count()


def _given_up() -> list[object]:
    return list(
        Activity.objects.filter(kind="lost", data__reason__in=("lost_unstated", "no_budget")).values_list(
            "lead_id", flat=True
        )
    )


def test_private_notes_are_their_author_s() -> None:
    private = Activity.objects.filter(is_private=True)
    assert private.exists()
    owners = dict(Lead.objects.values_list("pk", "owner_id"))
    assert all(note.kind == "note" and note.actor_id for note in private)
    assert sum(owners[note.lead_id] == note.actor_id for note in private) >= 0.8 * private.count()


def test_every_open_lead_has_its_ripeness() -> None:
    opened = Lead.objects.filter(IS_OPEN)
    assert set(ripeness.all_scores().values_list("lead_id", flat=True)) == set(opened.values_list("pk", flat=True))


def test_people_look_at_the_site_and_their_records_say_so() -> None:
    seen = Activity.objects.filter(origin="hit")
    assert seen.filter(kind="visited").count() > seen.filter(kind="downloaded").count() > 0
    assert seen.values("lead_id").distinct().count() > Lead.objects.count() / 5
    lately = Score.objects.exclude(signals=0.0)
    assert lately.filter(signals__gt=0.5).exists()
    assert lately.filter(signals__lt=0).exists()
    assert {"awareness", "decision"} <= set(Score.objects.values_list("stage", flat=True))


def test_who_was_met_says_where_as_does_the_booth_of_the_next_show() -> None:
    for door in ("booth", "form"):
        assert not Enquiry.objects.filter(door=door, place="").exclude(landing_page="", door="form").exists()
    assert Enquiry.objects.filter(door="booth", source__source_type="trade_show", place__contains="stand").exists()
    assert Enquiry.objects.filter(door="booth", source__source_type="course", place__contains="education").exists()
    assert Enquiry.objects.filter(door="form", place="www.evenday.example/quote").exists()
    (booth,) = booths.open_booths()
    assert "stand" in booth.place


def test_forms_of_the_site_are_there_to_be_tried_and_credit_whom_the_story_does() -> None:
    forms = Door.objects.filter(kind="form").order_by("slug").select_related("source", "campaign", "gives")
    assert [form.slug for form in forms] == ["quote-request", "the-empty-chair"]
    assert all(Client().get(f"/f/{form.slug}").status_code == 200 for form in forms)
    assert all(Enquiry.objects.filter(source=form.source).count() > 5 for form in forms)
    guide = forms[1]
    assert guide.gives
    assert Enquiry.objects.filter(campaign=guide.campaign).exists()


def test_every_door_has_been_used_and_says_how_it_is_doing() -> None:
    found = {each.door.name: each for each in doors.health()}
    used = [each for each in found.values() if each.door.kind != "booth" or not each.door.is_active]
    assert {each.door.kind for each in used} == {"form", "booth", "hook"}
    assert all(each.taken and each.last_at for each in used), used
    assert all(each.conversion for each in used if each.door.kind == "form")
    sent = Submission.objects.filter(state="taken").select_related("door")
    leads = Lead.objects.in_bulk([each.lead_id for each in sent])
    assert {each.content["person"]["name"] for each in sent} == {lead.name for lead in leads.values()}
    assert all(each.captured_by for each in sent if each.door.kind == "booth")
    guide = Door.objects.get(slug="the-empty-chair").gives
    assert guide
    assert Activity.objects.filter(kind="downloaded", origin="asset", data__asset=str(guide.pk)).exists()


def test_the_next_show_has_a_booth_to_be_tried() -> None:
    (booth,) = booths.open_booths()
    assert booth.first_day
    assert booth.first_day > clock.now().date()
    assert booth.campaign
    assert booth.campaign.name == booth.name
