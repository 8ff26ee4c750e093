"""Cards that our own people take: once each, with who and where, dated by how hot, and nothing lost on the way."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.arriving.keeping import RefusedError
from ripeline.capture.doors.drafts import DoorError
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.in_person.card import Card
from ripeline.capture.in_person.cards import Taken
from ripeline.capture.models import Door, DoorKind, Submission
from ripeline.catalog import standard
from ripeline.catalog.models import Question
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import answers
from ripeline.leads.decisions.deciding import By
from ripeline.leads.doubles import merging
from ripeline.leads.knowing import identity
from ripeline.leads.models import Enquiry, Lead
from ripeline.leads.rules import NotAllowed
from ripeline.outbox.models import Consent
from ripeline.people import actions as people
from ripeline.people import queries, working_time
from ripeline.people.models import AuditEntry, User
from ripeline.ripeness import queries as ripeness
from ripeline.timeline.models import Activity
from ripeline.web.record import entries
from ripeline.worklist import dates
from tests.cast import MakeLead

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

PRIYA = {"name": "Priya Raman", "company": "Northgate Dental", "email": "priya@northgate.example"}


@pytest.fixture
def booth(mona: User) -> Door:
    draft = BoothDraft(
        name="Dental Expo", place="Hall 7", campaign="Spring fairs", first_day=date(2026, 3, 2),
        last_day=date(2026, 3, 4), questions=[("timeline", False), ("may_write", False)],
    )  # fmt: skip
    with clock.at(clock.now() - timedelta(days=7)):
        return booths.keep_booth(actor=mona, draft=draft)


def card(key: str = "one", **said: object) -> Card:
    return Card(key=key, **({"fields": PRIYA} | said))  # type: ignore[arg-type]


def days_ahead(lead: Lead) -> int:
    assert lead.next_at
    return (lead.next_at.date() - clock.now().date()).days


def test_a_number_on_a_card_is_of_the_country_that_the_card_says(alice: User, booth: Door) -> None:
    people.set_company(actor=queries.system(), country="GB")
    cards.take(actor=alice, door=booth, card=card(fields=PRIYA | {"country": "Germany", "phone": "0221 4567890"}))
    assert Lead.objects.get().phone == "+492214567890"


def test_a_card_becomes_a_lead_with_who_took_it_where_and_for_which_campaign(alice: User, booth: Door) -> None:
    met = clock.now() - timedelta(hours=30)
    said = card(heat="hot", note="Two chairs by spring", answers={"timeline": "Later"}, captured_at=met)
    _, taken = cards.take(actor=alice, door=booth, card=said)
    lead, enquiry = Lead.objects.get(), Enquiry.objects.select_related("source", "campaign").get()
    assert (taken, lead.owner, lead.name, lead.company) == (Taken.NEW, alice, "Priya Raman", "Northgate Dental")
    assert (enquiry.door, enquiry.captured_by, enquiry.captured_at) == ("booth", alice, met)
    assert (enquiry.message, enquiry.answers) == ("Two chairs by spring", {"timeline": "Later"})
    assert (enquiry.place, enquiry.trail) == ("Hall 7", {"heat": "hot"})
    assert enquiry.source
    assert enquiry.campaign
    assert (enquiry.source.name, enquiry.source.source_type) == ("Dental Expo", "trade_show")
    assert enquiry.campaign.name == "Spring fairs"
    assert lead.pk in ripeness.of([lead.pk])
    assert booths.capturers(booth) == [("Alice", 1)]


def test_hot_is_dated_at_once_warm_in_two_working_days_and_later_in_a_month(alice: User, booth: Door) -> None:
    for heat in ("hot", "warm", "later"):
        cards.take(actor=alice, door=booth, card=card(heat, heat=heat, fields={"name": heat.title()}))
    found = {lead.name: lead for lead in Lead.objects.all()}
    assert {name: days_ahead(lead) for name, lead in found.items()} == {"Hot": 0, "Warm": 2, "Later": 30}
    assert found["Hot"].next_note == "Hot when met at Hall 7."


def test_in_a_month_is_the_worked_day_before_where_the_day_is_a_holiday(alice: User, booth: Door) -> None:
    with clock.at(datetime(2026, 11, 27, 12, tzinfo=UTC)):  # thirty days on is the Sunday after Christmas
        cards.take(actor=alice, door=booth, card=card(heat="later"))
        lead = Lead.objects.get()
        assert 25 <= days_ahead(lead) <= 30
        assert lead.next_at
        said = dates.say(lead.next_at, now=clock.now(), calendar=working_time.calendar_of(alice))
        assert said.startswith("in 4 weeks")


def test_heat_brings_nobody_to_a_later_day_than_they_had(make_lead: MakeLead, alice: User, booth: Door) -> None:
    lead = make_lead(alice, due=timedelta(days=3))
    known = next(iter(Lead.objects.values_list("email", flat=True)))
    cards.take(actor=alice, door=booth, card=card(heat="later", fields={"name": "Priya Raman", "email": known}))
    lead.refresh_from_db()
    assert days_ahead(lead) == 3
    cards.take(actor=alice, door=booth, card=card("two", heat="hot", fields={"name": "Priya Raman", "email": known}))
    lead.refresh_from_db()
    assert days_ahead(lead) == 0


def test_the_same_card_is_one_lead_and_one_enquiry_however_often_it_is_sent(alice: User, booth: Door) -> None:
    found = {cards.take(actor=alice, door=booth, card=card())[1] for _ in range(3)}
    assert found == {Taken.NEW, Taken.SAME}
    assert (Lead.objects.count(), Enquiry.objects.count(), Submission.objects.count()) == (1, 1, 1)


def test_the_same_key_from_two_people_is_two_cards(alice: User, bob: User, booth: Door) -> None:
    cards.take(actor=alice, door=booth, card=card())
    _, taken = cards.take(actor=bob, door=booth, card=card(fields={"name": "Someone Else"}))
    assert (taken, Lead.objects.count()) == (Taken.NEW, 2)


def test_a_card_mended_while_its_answer_was_lost_amends_and_makes_nobody_twice(alice: User, booth: Door) -> None:
    cards.take(actor=alice, door=booth, card=card(fields={"name": "Prya"}, note="Wants a price", heat="later"))
    mended = card(fields=PRIYA, note="Wants a price by May", heat="hot")
    _, taken = cards.take(actor=alice, door=booth, card=mended)
    lead = Lead.objects.get()
    assert (taken, lead.name, lead.email) == (Taken.AMENDED, "Priya Raman", "priya@northgate.example")
    assert days_ahead(lead) == 0
    assert Enquiry.objects.count() == 1
    note = Activity.objects.get(kind="note")
    assert (note.body, note.actor) == ("Amended: Wants a price by May", alice)
    assert cards.take(actor=alice, door=booth, card=mended)[1] is Taken.SAME
    assert Activity.objects.filter(kind="note").count() == 1


def test_an_answer_that_is_amended_on_a_card_is_the_one_that_counts_and_the_former_is_kept(
    alice: User, booth: Door
) -> None:
    for timeline, product in (("Later", "Chair 4"), ("Within a month", "Chair 4"), ("No plans yet", ""), ("Later", "")):
        cards.take(actor=alice, door=booth, card=card(answers={"timeline": timeline, "product": product}))
    enquiry = Enquiry.objects.get()
    assert enquiry.answers == {"timeline": "Later", "product": "Chair 4"}, "from what was said first the model learns"
    assert enquiry.said == {"timeline": "Later"}
    changed = Activity.objects.filter(kind="answered").order_by("recorded_at")
    assert [(entry.actor, entry.data["answers"]) for entry in changed] == [
        (alice, {"timeline": ["Later", "Within a month"]}),
        (alice, {"timeline": ["Within a month", "No plans yet"], "product": ["Chair 4", None]}),
        (alice, {"timeline": ["No plans yet", "Later"]}),
    ]
    assert not Activity.objects.filter(kind="note").exists(), "it is said once"


def test_what_somebody_has_corrected_on_the_record_no_card_from_before_changes_back(
    alice: User, ada: User, booth: Door
) -> None:
    first = {"timeline": "Later", "product": "Chair 4"}
    cards.take(actor=alice, door=booth, card=card(answers=first))
    enquiry = Enquiry.objects.get()
    answers.correct(
        lead_id=enquiry.lead_id, enquiry_id=enquiry.pk, by=By(ada, "web", "x"), answers={"timeline": "Next spring"}
    )
    again = first | {"timeline": "Within a month", "product": "Chair 5"}
    cards.take(actor=alice, door=booth, card=card(answers=again))
    enquiry.refresh_from_db()
    assert enquiry.said == {"timeline": "Next spring", "product": "Chair 5"}
    note = Activity.objects.get(kind="note")
    assert note.body == "Amended: When should it be in place? Within a month"


def test_an_answer_that_has_left_the_list_meanwhile_stays_where_the_card_is_amended_elsewhere(
    alice: User, ada: User, booth: Door
) -> None:
    cards.take(actor=alice, door=booth, card=card(answers={"timeline": "Later"}))
    question = Question.objects.get(key="timeline")
    standard.keep(
        actor=ada, question=question, label=question.label, answer_type="choice", options=["Soon", "Never"],
        meaning=question.meaning,
    )  # fmt: skip
    cards.take(actor=alice, door=booth, card=card(answers={"timeline": "Later"}, note="By May"))
    enquiry = Enquiry.objects.get()
    assert (enquiry.said, enquiry.amended) == ({"timeline": "Later"}, {})
    assert Activity.objects.get(kind="note").body == "Amended: By May"


def test_a_card_amended_after_a_merge_is_the_same_enquiry_of_the_same_person(
    make_lead: MakeLead, alice: User, ada: User, booth: Door
) -> None:
    cards.take(actor=alice, door=booth, card=card(answers={"timeline": "Later"}))
    theirs, survivor = Lead.objects.get(), make_lead(alice, name="Priya R.")
    merging.merge(survivor_id=survivor.pk, duplicate_id=theirs.pk, by=By(ada, "web", "merge"))
    cards.take(actor=alice, door=booth, card=card(answers={"timeline": "Within a month"}))
    enquiry = Enquiry.objects.get(door="booth")
    assert (enquiry.lead_id, enquiry.said) == (theirs.pk, {"timeline": "Within a month"})
    assert Activity.objects.get(kind="answered").lead_id == survivor.pk


def test_what_is_corrected_on_a_card_is_corrected_on_the_record_by_who_took_it_with_what_was_there(
    alice: User, booth: Door
) -> None:
    wrong = {"name": "Priya Ramann", "company": "Northgate Dental Care", "phone": "+44 20 7183 8750", "title": "Owner"}
    cards.take(actor=alice, door=booth, card=card(fields=wrong))
    right = {"name": "Pria Raman", "company": "Northgate Dental", "phone": "+44 20 7183 8751", "title": ""}
    for _ in range(2):
        cards.take(actor=alice, door=booth, card=card(fields=right))
    lead = Lead.objects.get()
    assert (lead.name, lead.company, lead.phone, lead.title) == ("Pria Raman", "Northgate Dental", "+442071838751", "")
    entry = Activity.objects.get(kind="edited")
    assert (entry.actor, entry.origin, entry.data["before"]["name"]) == (alice, "booth", "Priya Ramann")
    numbers = [identity.phone(f"+44207183875{last}", "Pria Raman", "Northgate Dental") for last in (0, 1)]
    assert [key in identity.resolve([key]) for key in numbers if key] == [False, True]


def test_what_somebody_changed_on_the_record_since_stays_where_the_card_does_not_say_otherwise(
    alice: User, booth: Door
) -> None:
    said = {"name": "Priya Raman", "company": "Northgate", "phone": "+44 20 7183 8750"}
    cards.take(actor=alice, door=booth, card=card(fields=said, note="Two chairs"))
    lead = Lead.objects.get()
    leads.edit(lead.pk, By(alice, "web", "x"), fields={"company": "Northgate Dental Ltd", "phone": "", "title": "Dr"})
    cards.take(actor=alice, door=booth, card=card(fields=said | {"name": "Priya Rahman"}, note="Three chairs"))
    lead.refresh_from_db()
    assert (lead.name, lead.company, lead.phone, lead.title) == ("Priya Rahman", "Northgate Dental Ltd", "", "Dr")
    cards.take(actor=alice, door=booth, card=card(fields=said | {"name": "Priya Rahman", "company": "Northgate & Co"}))
    lead.refresh_from_db()
    assert lead.company == "Northgate & Co", "what is changed on the card is meant"


def test_who_took_a_card_of_a_lead_that_has_gone_to_somebody_else_corrects_what_is_still_their_own_word(
    make_lead: MakeLead, alice: User, bob: User, booth: Door
) -> None:
    theirs = make_lead(bob, name="Priya Raman", email=PRIYA["email"], company="Northgate Dental Ltd")
    said = PRIYA | {"title": "Ownr"}
    cards.take(actor=alice, door=booth, card=card(fields=said))
    cards.take(actor=alice, door=booth, card=card(fields=said | {"title": "Owner", "company": "Northgate & Co"}))
    theirs.refresh_from_db()
    assert (theirs.title, theirs.company, theirs.owner) == ("Owner", "Northgate Dental Ltd", bob)
    assert Activity.objects.get(kind="note").body == "Amended: company Northgate & Co"


def test_a_field_that_the_booth_does_not_ask_any_more_is_not_emptied_by_a_correction(alice: User, booth: Door) -> None:
    cards.take(actor=alice, door=booth, card=card(fields=PRIYA | {"title": "Owner"}))
    cards.take(actor=alice, door=booth, card=card(fields=PRIYA | {"name": "Priya Rahman"}))
    assert Lead.objects.values_list("name", "title").get() == ("Priya Rahman", "Owner")


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_an_older_version_of_a_card_that_comes_late_takes_nothing_back(
    alice: User, booth: Door, order: tuple[int, ...]
) -> None:
    said = {1: ("Prya", "later"), 2: ("Priya", "warm"), 3: ("Priya Raman", "hot")}
    for rev in order:
        name, heat = said[rev]
        cards.take(actor=alice, door=booth, card=card(rev=rev, heat=heat, fields={"name": name}))
    submission, lead = Submission.objects.get(), Lead.objects.get()
    assert (submission.content["person"]["name"], submission.trail["heat"]) == ("Priya Raman", "hot")
    assert (lead.name, days_ahead(lead)) == ("Priya Raman", 0)


def test_a_version_that_says_the_same_again_is_newer_than_what_was_said_between(alice: User, booth: Door) -> None:
    for rev, name, taken in ((1, "Priya", Taken.NEW), (3, "Priya", Taken.SAME), (2, "Prya", Taken.SAME)):
        assert cards.take(actor=alice, door=booth, card=card(rev=rev, fields={"name": name}))[1] is taken
    assert Lead.objects.get().name == "Priya"


def test_a_mended_address_takes_the_place_of_the_wrong_one_which_is_free_for_whose_it_is(
    alice: User, booth: Door
) -> None:
    bob, rob = ({"name": "Rob", "email": f"{name}@x.example"} for name in ("bob", "rob"))
    for fields, taken in ((bob, Taken.NEW), (rob, Taken.AMENDED), (bob, Taken.AMENDED), (rob, Taken.AMENDED)):
        assert cards.take(actor=alice, door=booth, card=card(fields=fields))[1] is taken
        assert Lead.objects.get().email == fields["email"]
    cards.take(actor=alice, door=booth, card=card("two", fields={"name": "Bob", "email": "bob@x.example"}))
    assert sorted(Lead.objects.values_list("name", "email")) == [("Bob", "bob@x.example"), ("Rob", "rob@x.example")]


def test_an_address_that_more_than_a_card_has_brought_stays_beside_the_mended_one(
    make_lead: MakeLead, alice: User, booth: Door
) -> None:
    lead = make_lead(alice, name="Rob", email="bob@x.example")
    for name in ("bob", "rob"):
        cards.take(actor=alice, door=booth, card=card(fields={"name": "Rob", "email": f"{name}@x.example"}))
    lead.refresh_from_db()
    assert lead.email == "bob@x.example"
    keys = [key for name in ("bob", "rob") if (key := identity.email(f"{name}@x.example"))]
    assert identity.resolve(keys) == dict.fromkeys(keys, lead.pk)


def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(alice: User, booth: Door) -> None:
    with pytest.raises(RefusedError) as wrong:
        cards.take(actor=alice, door=booth, card=card(fields={"email": "priya@", "phone": "call me"}))
    assert set(wrong.value.errors) == {"email", "phone"}
    with pytest.raises(RefusedError) as wrong:
        cards.take(actor=alice, door=booth, card=card(fields={"company": "Northgate"}))
    assert set(wrong.value.errors) == {"name"}
    assert not Submission.objects.exists()


def test_an_address_of_somebody_else_is_said_beside_the_address(make_lead: MakeLead, alice: User, booth: Door) -> None:
    make_lead(alice, name="Tom", email="tom@northgate.example")
    cards.take(actor=alice, door=booth, card=card(fields={"name": "Priya"}))
    with pytest.raises(RefusedError) as wrong:
        cards.take(actor=alice, door=booth, card=card(fields={"name": "Priya", "email": "tom@northgate.example"}))
    assert "belongs to somebody else" in wrong.value.errors["email"]
    assert Submission.objects.get().content["person"]["email"] == ""


def test_a_card_that_was_offline_while_the_questions_changed_loses_no_answer(
    alice: User, ada: User, booth: Door
) -> None:
    question = Question.objects.get(key="timeline")
    standard.keep(
        actor=ada, question=question, label=question.label, answer_type="choice", options=["Soon", "Never"],
        meaning=question.meaning,
    )  # fmt: skip
    cards.take(actor=alice, door=booth, card=card(answers={"timeline": "Later", "gone": ["a", "b"]}, note="Hello"))
    enquiry = Enquiry.objects.get()
    assert enquiry.answers == {}
    assert enquiry.message == "Hello\nWhen should it be in place? Later\ngone a, b"


def test_consent_counts_in_the_words_that_the_phone_showed(alice: User, booth: Door) -> None:
    shown = {"given": True, "wording": "You may write to me."}
    cards.take(actor=alice, door=booth, card=card(answers={"may_write": shown}))
    assert Enquiry.objects.get().answers == {"may_write": shown}
    assert not Consent.objects.filter(state="given").exists(), "only they themselves can confirm it"


@pytest.mark.parametrize(("off", "kept"), [(timedelta(days=400), 0), (-timedelta(days=4000), -7)])
def test_a_phone_with_a_wrong_clock_dates_nobody_before_the_booth_or_in_the_future(
    alice: User, booth: Door, off: timedelta, kept: int
) -> None:
    now = clock.now()
    cards.take(actor=alice, door=booth, card=card(captured_at=now + off))
    assert Enquiry.objects.get().captured_at == now + timedelta(days=kept)


def test_who_is_not_here_any_more_brings_nobody_in(alice: User, ada: User, booth: Door) -> None:
    people.change_user(actor=queries.system(), user=alice)
    people.set_active(actor=ada, user=alice, active=False)
    alice.refresh_from_db()
    with pytest.raises(NotAllowed):
        cards.take(actor=alice, door=booth, card=card())


def test_the_doors_that_nobody_sets_up_are_made_once(alice: User) -> None:
    first, second = cards.built_in(DoorKind.CALL), cards.built_in(DoorKind.CALL)
    assert (first.pk, first.source.source_type) == (second.pk, "inbound_call")


def test_a_booth_is_kept_by_those_who_keep_doors_and_says_what_does_not_fit(
    alice: User, mona: User, booth: Door
) -> None:
    with pytest.raises(NotAllowed):
        booths.keep_booth(actor=alice, draft=BoothDraft(name="Mine"))
    for wrong, field in (
        (BoothDraft(name=" "), "name"),
        (BoothDraft(name="Expo", source_type="quote_request"), "source_type"),
        (BoothDraft(name="Expo", first_day=date(2026, 3, 2), last_day=date(2026, 3, 1)), "last_day"),
        (BoothDraft(name="Expo", notes=[str(n) for n in range(13)]), "notes"),
        (BoothDraft(name="Expo", notes=["x" * 61]), "notes"),
    ):
        with pytest.raises(DoorError) as said:
            booths.keep_booth(actor=mona, draft=wrong)
        assert said.value.field == field
    changed = booths.keep_booth(actor=mona, draft=BoothDraft(name="Dental Expo 2026"), door=booth)
    assert (changed.slug, changed.name) == ("dental-expo", "Dental Expo 2026")
    assert [entry.verb for entry in AuditEntry.objects.filter(verb__startswith="door.").order_by("pk")] == [
        "door.add", "door.change",
    ]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([0, 1, 2, 0, 1, 2]), noted=st.text(max_size=40))
def test_in_whatever_order_and_however_often_cards_come_each_is_there_once(
    alice: User, booth: Door, order: list[int], noted: str
) -> None:
    began: datetime = clock.now()
    Submission.objects.all().delete()
    Lead.objects.all().delete()
    for number in order:
        said = card(
            str(number), fields={"name": f"N{number}", "phone": f"+44 20 7183 875{number}"}, note=noted,
            captured_at=began - timedelta(hours=number),
        )  # fmt: skip
        cards.take(actor=alice, door=booth, card=said)
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["N0", "N1", "N2"]
    assert Enquiry.objects.count() == 3


@pytest.mark.parametrize("short", ["Vito V.", "V. Visitor", "Vito", "VITO VISITOR", "visitor, v."])
def test_a_name_cut_short_does_not_replace_the_fuller_one_and_what_a_card_changed_is_by_a_card(
    alice: User, booth: Door, short: str
) -> None:
    known = {"name": "Vito Visitor", "email": "vito@visitor.example"}
    cards.take(actor=alice, door=booth, card=card(fields=known))
    cards.take(actor=alice, door=booth, card=card("two", fields=known | {"name": short, "title": "Owner"}))
    lead = Lead.objects.get()
    assert lead.name.casefold() == "vito visitor"
    assert lead.title == "Owner"
    told = [each.words for each in entries.tell(list(Activity.objects.filter(lead_id=lead.pk, kind="imported")))]
    assert [words.partition(":")[0] for words in told] == ["Updated by a card at a booth"]


def test_another_name_and_a_fuller_one_count_as_before(alice: User, booth: Door) -> None:
    for key, name in enumerate(("Vito V.", "Vito Visitor", "Vito Vanetti")):
        cards.take(actor=alice, door=booth, card=card(str(key), fields={"name": name, "email": "v@visitor.example"}))
        assert Lead.objects.get().name == name
