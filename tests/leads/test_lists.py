"""The list of leads: what each person finds in it, filters kept in an address, and pages that hold still."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from psycopg import ClientCursor

from ripeline.base import clock
from ripeline.base.settled import look
from ripeline.catalog import queries as catalog
from ripeline.catalog.actions import campaigns_named, sources_named
from ripeline.leads import record, rules
from ripeline.leads.finding import companies, leaks, lists
from ripeline.leads.finding.companies import called_like
from ripeline.leads.finding.filters import QUESTIONS_AT_MOST, Due
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.finding.lists import Filters, Page, Sort
from ripeline.leads.finding.returning import came_again
from ripeline.leads.finding.sight import visible
from ripeline.leads.knowing import identity
from ripeline.leads.models import IS_OPEN, Account, Lead
from ripeline.leads.rules import Verb
from ripeline.leads.words.searching import search_tokens
from ripeline.people import queries as people
from ripeline.people.models import Company, Role, Team, User
from ripeline.ripeness.models import Score
from ripeline.worklist import actions as worklist
from ripeline.worklist.forward import ripening_early
from ripeline.worklist.team import facts
from tests.cast import MONDAY, MakeLead, MakeUser

ZONE = ZoneInfo("Europe/Lisbon")


def listed(actor: User, sort: Sort = Sort.NEWEST, **asked: Any) -> list[str]:
    """The names on the first page."""
    return [row.name for row in show(actor, sort, **asked).rows]


def show(actor: User, sort: Sort = Sort.NEWEST, **asked: Any) -> Page:
    actor = User.objects.get(pk=actor.pk)
    place = {name: asked.pop(name) for name in ("after", "before", "size") if name in asked}
    tagged = Score.objects.filter(p_30__gte=0.2) if asked.get("ripe") else None
    return lists.page(actor, Filters(**asked), zone=ZONE, sort=sort, scores=Score.objects.all(), tagged=tagged, **place)


def score(lead: Lead, p_30: float) -> None:
    Score.objects.create(
        lead_id=lead.pk, log_odds=0.0, log_odds_sd=1.0, curve="even", p_ever=0.4, p_ever_low=0.2, p_ever_high=0.6,
        p_30=p_30, p_30_low=0.0, p_30_high=1.0, p_win=0.1, window_start=MONDAY.date(), window_end=MONDAY.date(),
        is_concentrated=False, model="prior", scored_at=MONDAY,
    )  # fmt: skip


def test_alice_starts_with_her_own_and_finds_bobs_under_all(alice: User, bob: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Priya Raman")
    make_lead(bob, name="Tomás Oliveira", company="Casa Verde", phone="+351912345678", title="Director")
    assert listed(alice) == ["Priya Raman"]
    assert listed(alice, view="all") == ["Tomás Oliveira", "Priya Raman"]
    (theirs,) = show(alice, view="all", q="tomas").rows
    assert (theirs.name, theirs.company, theirs.owner, theirs.state) == ("Tomás Oliveira", "Casa Verde", "Bob", "new")
    hidden = (theirs.email, theirs.phone, theirs.title, theirs.source, theirs.next_at, theirs.captured_at)
    assert not any(hidden)


def test_mallory_finds_whose_it_is_and_another_teams_leader_nothing(mallory: User, lead: Lead) -> None:
    (theirs,) = show(mallory, view="all", q="priya").rows
    assert (theirs.name, theirs.owner, theirs.state) == ("Priya Raman", "Alice", "new")
    assert not any((theirs.email, theirs.source, theirs.next_at))
    mallory.role = "leader"
    mallory.save()
    assert listed(mallory, view="all") == []
    assert listed(mallory, view="all", q="priya") == []


def test_a_lead_without_a_name_is_not_shown_by_its_hidden_address(alice: User, bob: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="", email="secret@northgate.example")
    assert listed(alice) == ["secret@northgate.example"]
    assert listed(bob, view="team") == ["Unnamed lead"]


def test_what_bob_may_not_see_he_cannot_ask_for_either(alice: User, bob: User, make_lead: MakeLead) -> None:
    fair = sources_named(["Trade fair"])["Trade fair"]
    lead = make_lead(alice, source_id=fair.pk)
    Lead.objects.filter(pk=lead.pk).update(custom={"size": "large"})
    score(lead, 0.5)
    for asked in ({"source": fair.pk}, {"due": "today"}, {"ripe": "ripe"}, {"custom": {"size": "large"}}):
        assert len(listed(alice, **asked)) == 1, asked
        assert listed(bob, view="all", **asked) == [], asked
    assert listed(bob, Sort.NEXT, view="all") == []
    assert listed(bob, Sort.RIPEST, view="all") == []
    assert len(listed(bob, view="all", state="new")) == 1  # he may see the state


def test_bob_finds_alices_lead_by_what_he_sees_and_cannot_guess_the_rest_piece_by_piece(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    make_lead(alice, email="ann.secret@acme.example", phone="+442071838750", title="Surgeon", company="Acme Dental")
    for guess in ("secret", "ann.s", "838750", "surge"):
        assert len(listed(alice, q=guess)) == 1, guess
        assert listed(bob, view="all", q=guess) == [], guess
    for known in ("priya", "raman pri", "acme", "Ann.Secret@acme.example"):
        assert len(listed(bob, view="all", q=known)) == 1, known


@pytest.mark.parametrize("verb", [Verb.FIND, Verb.SEE_STATE, Verb.SEE_CONTEXT, Verb.SEE_NEXT, Verb.WORK, Verb.REASSIGN])
def test_what_is_visible_agrees_with_the_rules_lead_by_lead(
    verb: Verb,
    make_lead: MakeLead,
    alice: User,
    bob: User,
    carol: User,
    mallory: User,
    sam: User,
    mona: User,
    ada: User,
) -> None:
    kept = people.built_in(people.KEEP_IN_TOUCH)
    leads = [
        make_lead(owner, responsible=holder)
        for owner in (None, alice, mallory, sam, ada)
        for holder in (None, kept, people.responsible_of(bob))
    ]
    for actor in (alice, bob, carol, mallory, sam, mona, ada):
        fresh = User.objects.get(pk=actor.pk)
        condition = rules.findable(fresh) & visible(fresh, verb)
        found = set(Lead.objects.filter(condition).values_list("pk", flat=True))
        assert found == {lead.pk for lead in leads if rules.may(fresh, verb, lead)}, actor.name


def test_sam_starts_in_the_queue(sam: User, alice: User, make_lead: MakeLead) -> None:
    make_lead(name="Hand Raiser")
    make_lead(alice)
    assert listed(sam) == ["Hand Raiser"]
    assert listed(sam, view="mine") == []


def test_keep_in_touch_leads_stay_among_ones_own(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Green One", responsible=people.built_in(people.KEEP_IN_TOUCH), state="nurture")
    assert listed(alice, view="mine", state="nurture") == ["Green One"]


def test_a_whole_address_finds_whom_it_reaches_however_it_is_spelt(
    alice: User, bob: User, mallory: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, name="Anna Berg", email="anna@northgate.example")
    private = identity.email("a.berg@gmail.com")
    assert private
    identity.claim({private: lead.pk})
    for who in (alice, bob, mallory):
        assert listed(who, view="all", q="A.Berg+fair@googlemail.com") == ["Anna Berg"]
    assert listed(alice, q="berg@gmail.com") == []


def test_search_finds_parts_of_names_addresses_and_numbers(alice: User, make_lead: MakeLead) -> None:
    make_lead(
        alice, name="Tomás Oliveira", email="tomas@casaverde.example", company="Casa Verde", phone="+351 912 345 678"
    )
    make_lead(alice, name="Marta Nilsen", company="Fjord Klinikk")
    for text in ("tomas", "OLIV", "casa v", "casaverde.example", "tomas@casa", "345678", "verde oliveira"):
        assert listed(alice, q=text) == ["Tomás Oliveira"], text
    for text in ("olivx", "'", "& | !", "(((", "%", "\\"):
        assert listed(alice, q=text) == [], text


@pytest.mark.parametrize(
    ("country", "found_by", "not_by"),
    [
        ("DE", ("0221", "0221 12", "(0221) 1", "02 21/12", "0221 123456", "+49 221"), ("022 3", "02", "0222", "0211")),
        ("", ("+49 221", "0221 123456"), ("0221", "0221 12")),
        ("FR", ("+49 221",), ("0221", "0221 12")),
        ("XX", ("+49 221",), ("0221",)),
    ],
)
def test_an_areas_code_is_read_as_it_is_dialled_where_the_company_is(
    country: str, found_by: tuple[str, ...], not_by: tuple[str, ...], alice: User, bob: User, make_lead: MakeLead
) -> None:
    Company.objects.update(country=country)
    make_lead(alice, name="Jürgen Köln", phone="+4922112345678")
    make_lead(alice, name="Anna Berlin", phone="+493092211234")  # 2211 is within it, and begins no area
    for text in found_by:
        assert listed(alice, q=text) == ["Jürgen Köln"], text
        assert listed(bob, view="all", q=text) == [], text  # not his to see
    for text in not_by:
        assert listed(alice, q=text) == [], text


def test_where_a_zero_is_part_of_the_number_it_is_looked_for(alice: User, make_lead: MakeLead) -> None:
    Company.objects.update(country="IT")
    make_lead(alice, name="Roma", phone="+390612345678")
    assert listed(alice, q="06 12") == ["Roma"]


@pytest.mark.parametrize(
    ("company", "found_by", "not_by"),
    [
        ("O'Neil & Søns GmbH", ("o'neil", "oneil", "neil", "sons gmbh", "O’Neil SØNS"), ("o'nolan", "ilgmbh", "&")),
        ("Müller-Werke", ("muller", "MÜLLER", "werke", "müller-we"), ("ller",)),
        ("3M", ("3m", "3"), ("m",)),
    ],
)
def test_a_company_is_found_by_the_beginnings_of_its_words_as_people_type_them(
    company: str, found_by: tuple[str, ...], not_by: tuple[str, ...], alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice, name="Ann", company=company)
    for text in found_by:
        assert called_like(alice, text, among=(), size=4) == [company], text
    for text in (*not_by, "'", "(((", "%"):
        assert called_like(alice, text, among=(), size=4) == [], text


def test_a_company_is_there_while_somebody_whom_one_may_find_gives_it_by_that_name(
    alice: User, carol: User, mallory: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    Account.objects.create(key="n:smith empty", name="Smith Empty")
    lead = make_lead(mallory, name="Ann", email="ann@works.example", company="Smith Works")
    make_lead(alice, name="Jo", email="jo@daughters.example", company="Smith & Daughters")
    assert called_like(alice, "smi", among=(), size=4) == ["Smith Works", "Smith & Daughters"]
    assert called_like(carol, "smi", among=(), size=4) == ["Smith & Daughters"]  # a leader finds their team's
    assert called_like(alice, "smi", among=(), size=1) == ["Smith Works"]  # of all that are there
    Lead.objects.filter(pk=lead.pk).update(
        company="Smythe Works", search=search_tokens(name="Ann", company="Smythe Works")
    )  # corrected on the record
    assert called_like(alice, "smi", among=(), size=4) == ["Smith & Daughters"]
    found = lists.named(alice, "smythe", zone=ZONE, size=7)
    assert called_like(alice, "smythe", among=found, size=4) == ["Smythe Works"]
    make_lead(mallory, name="Abe", email="abe@smirnov.example", company="Smi & Co")
    monkeypatch.setattr(companies, "LOOKED_AT", 1)
    assert called_like(carol, "smi", among=(), size=4) == ["Smith & Daughters"]  # not lost behind the others'


def test_a_company_with_nobody_is_found_behind_any_number_of_others(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lead(alice, name="Jo", email="jo@daughters.example", company="Smith & Daughters")
    Account.objects.create(key="n:smith empty", name="Smith Empty")
    monkeypatch.setattr(companies, "LOOKED_AT", 1)
    assert [each.name for each in companies.nobody_at("smi", size=4)] == ["Smith Empty"]


def test_due_goes_by_the_viewers_own_days(alice: User, make_lead: MakeLead) -> None:
    with clock.at(datetime(2026, 6, 1, 22, 30, tzinfo=UTC)):  # 23:30 on Monday in Lisbon
        make_lead(alice, name="Before midnight", due=timedelta(minutes=20))
        make_lead(alice, name="After midnight", due=timedelta(minutes=40))
        make_lead(alice, name="In a month", due=timedelta(days=30))
        late = make_lead(alice, name="Yesterday")
        Lead.objects.filter(pk=late.pk).update(next_at=clock.now() - timedelta(days=1))
        assert listed(alice, due="overdue") == ["Yesterday"]
        assert listed(alice, due="today") == ["Before midnight"]
        assert listed(alice, due="week") == ["After midnight"]
        assert listed(alice, due="later") == ["In a month"]


def test_filters_by_state_owner_source_import_and_custom_field(
    ada: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    fair = sources_named(["Trade fair"])["Trade fair"]
    run = uuid4()
    one = make_lead(alice, name="One", source_id=fair.pk, state="working")
    two = make_lead(bob, name="Two")
    make_lead(name="Three")
    Lead.objects.filter(pk=one.pk).update(import_run_id=run, custom={"chairs": 14, "size": "large"})
    Lead.objects.filter(pk=two.pk).update(custom={"chairs": "14"})
    assert listed(ada, state="working") == ["One"]
    assert listed(ada, state="open") == ["Three", "Two", "One"]
    assert listed(ada, state="closed") == []
    assert listed(ada, owner=bob.pk) == ["Two"]
    assert listed(ada, owner="nobody") == ["Three"]
    assert listed(ada, source=fair.pk) == ["One"]
    assert listed(ada, run=run) == ["One"]
    assert listed(ada, custom={"chairs": "14"}) == ["Two", "One"]
    assert listed(ada, custom={"chairs": "14", "size": "large"}) == ["One"]


@pytest.fixture
def many(alice: User, make_lead: MakeLead) -> list[Lead]:
    """Twelve leads in four ties of three: same moment of capture, same next date, same ripeness."""
    with clock.at(MONDAY):
        leads = [
            make_lead(alice, name=f"Lead {n:02}", captured=timedelta(days=n // 3), due=timedelta(days=n // 3))
            for n in range(12)
        ]
    for n, lead in enumerate(leads):
        score(lead, round(0.1 * (n // 3), 2))
    return leads


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 12])
def test_pages_forth_and_back_show_each_lead_once_in_one_order(
    sort: Sort, size: int, alice: User, many: list[Lead]
) -> None:
    whole = [row.id for row in show(alice, sort, size=50).rows]
    assert len(whole) == 12
    forth, after = [], ""
    while True:
        here = show(alice, sort, after=after, size=size)
        forth.append([row.id for row in here.rows])
        if not here.next:
            break
        after = here.next
    assert [pk for ids in forth for pk in ids] == whole
    for expected in reversed(forth[:-1]):
        here = show(alice, sort, before=here.previous, size=size)
        assert [row.id for row in here.rows] == expected
    assert here.previous == ""


def test_a_page_holds_its_place_when_leads_come_and_go(alice: User, make_lead: MakeLead, many: list[Lead]) -> None:
    first = show(alice, size=5)
    second = [row.id for row in show(alice, after=first.next, size=5).rows]
    with clock.at(MONDAY + timedelta(hours=1)):
        make_lead(alice, name="Brand new", captured=timedelta())
    assert [row.id for row in show(alice, after=first.next, size=5).rows] == second


def test_going_back_past_the_beginning_shows_the_whole_first_page(alice: User, many: list[Lead]) -> None:
    third = show(alice, size=2)
    for _ in range(2):
        third = show(alice, after=third.next, size=2)
    back = show(alice, before=third.previous, size=5)
    assert len(back.rows) == 5
    assert back.previous == ""


def test_where_all_that_came_after_is_gone_the_beginning_is_shown(alice: User, many: list[Lead]) -> None:
    first = show(alice, size=10)
    Lead.objects.filter(pk__in=[row.id for row in show(alice, after=first.next, size=10).rows]).delete()
    assert [row.id for row in show(alice, after=first.next, size=10).rows] == [row.id for row in first.rows]


def test_a_cursor_that_cannot_be_read_is_the_beginning(alice: User, many: list[Lead]) -> None:
    whole = listed(alice)
    for text in ("x", "%%%", "e30", "W10", "WyJhIiwiYiJd", "a" * 5000, "WzEsIDJd", "bnVsbA"):
        for sort in Sort:
            assert len(listed(alice, sort, after=text)) == 12, text
        assert listed(alice, before=text) == whole


def test_merged_leads_are_not_listed(alice: User, make_lead: MakeLead, lead: Lead) -> None:
    other = make_lead(alice, name="Duplicate")
    Lead.objects.filter(pk=other.pk).update(merged_into=lead)
    assert listed(alice) == ["Priya Raman"]


def test_a_page_costs_the_same_queries_however_much_it_holds(alice: User, make_lead: MakeLead) -> None:
    def cost() -> int:
        with statements_put() as captured, look():
            page = lists.page(User.objects.get(pk=alice.pk), Filters(view="all"), zone=ZONE)
            shown = [(row.owner, row.state_label, row.source, row.next_kind) for row in page.rows]
        assert all(any(values) for values in shown)
        return len(captured)

    make_lead(alice)
    cost()  # what seldom changes is kept from here on
    few = cost()
    for n in range(20):
        make_lead(alice if n % 2 else None)
    assert cost() == few <= 5


def test_everything_comes_in_chunks_for_an_export(
    alice: User, many: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "CHUNK", 5)
    chunks = list(lists.every(alice, Filters(), zone=ZONE))
    assert [len(chunk) for chunk in chunks] == [5, 5, 2]
    assert [row.id for chunk in chunks for row in chunk] == [row.id for row in show(alice).rows]


_text = st.text(max_size=30)


@given(
    st.dictionaries(st.sampled_from(["q", "view", "state", "source", "owner", "due", "ripe", "run", "f.size"]), _text)
)
def test_any_address_opens_and_is_written_as_it_is_read(query: dict[str, str]) -> None:
    filters = Filters.parse(query)
    again = QueryDict(filters.url())
    assert Filters.parse({key: again[key] for key in again}) == filters


def test_of_a_thousand_questions_about_own_fields_a_few_are_asked() -> None:
    asked = Filters.parse({f"f.k{n}~has": "x" for n in range(1000)}).custom
    assert len(asked) == QUESTIONS_AT_MOST


SIZE = 100_000
_LEADS = """
INSERT INTO lead (id, name, title, email, phone, company, reference, country, language, custom, search, source_id,
    captured_at, episode, episode_at, currency, state, state_at, owner_id, responsible_id, next_at, next_set_at,
    next_kind, next_note, next_committed, won_before_captured, touches, unanswered, created_at,
    close_reason_id, closed_at, closed_by_id, import_run_id, last_touch_at, last_reached_at, merged_into_id)
SELECT md5('lead ' || n)::uuid, 'Person ' || n, '', 'p' || n || '@firm' || n / 20 || '.example', '', 'Firm ' || n / 20,
    '', '', '', CASE WHEN n % 10 = 0 THEN jsonb_build_object('size', 'size' || n / 500)
        WHEN n > 45000 THEN '{"kind": "old"}' ELSE '{}' END,
    'person p' || n || ' firm' || n / 20, sources[1 + dice3 % 30], moment - n * interval '5 minutes',
    1, moment - n * interval '5 minutes', '', state, moment,
    CASE WHEN rep IS NOT NULL THEN users[rep] END, COALESCE(desks[rep], queue),
    CASE WHEN is_open THEN moment + (dice2 % 86400 - 9000) * interval '5 minutes' END, moment, 'follow_up',
    '', false, false, CASE WHEN is_open THEN tries WHEN by_file THEN 0 ELSE 3 END, 0, moment,
    CASE WHEN NOT is_open THEN CASE WHEN unsaid THEN unstated ELSE reason END END,
    CASE WHEN NOT is_open THEN moment END, CASE WHEN NOT is_open THEN users[1] END, CASE WHEN by_file THEN users[1] END,
    CASE WHEN is_open AND tries > 0
        THEN moment - CASE WHEN dice4 % 700 < 5 THEN 60 ELSE dice4 % 20 END * interval '1 day' END,
    CASE WHEN is_open AND tries > 2 THEN moment - interval '1 day' END,
    CASE WHEN n % 401 = 0 THEN md5('lead ' || n - 1)::uuid END
FROM (
    SELECT *, CASE WHEN dice4 % 5 < 2 THEN 0 ELSE dice4 % 5 END AS tries,
        dice1 % 10 = 7 AND dice4 % 25 = 0 AS unsaid, dice1 % 10 = 7 AND dice4 % 50 = 0 AS by_file,
        (ARRAY['new', 'working', 'working', 'opportunity', 'nurture', 'nurture', 'nurture', 'lost', 'won',
            'lost'])[1 + dice1 % 10] AS state,
        dice1 % 10 < 7 AS is_open, CASE WHEN dice2 % 25 > 2 THEN 1 + dice2 % 20 END AS rep,
        %(moment)s::timestamptz AS moment, %(users)s::uuid[] AS users, %(desks)s::uuid[] AS desks,
        %(queue)s::uuid AS queue, %(reason)s::uuid AS reason, %(unstated)s::uuid AS unstated,
        %(sources)s::uuid[] AS sources
    FROM (SELECT n, abs(hashint4(n)::bigint) AS dice1, abs(hashint4(n + 1000000)::bigint) AS dice2,
            abs(hashint4(n + 2000000)::bigint) AS dice3, abs(hashint4(n + 3000000)::bigint) AS dice4
        FROM generate_series(1, %(size)s) AS n) AS thrown
) AS drawn
"""
_ENQUIRIES = """
INSERT INTO enquiry (id, lead_id, episode, door, place, landing_page, message, answers, amended, trail, captured_at,
    created_at, campaign_id)
SELECT md5('enquiry ' || id)::uuid, id, 1, 'import', 'leads.csv', '', '', '{}', '{}', '{}', captured_at, captured_at,
    CASE WHEN dice < 10 THEN (%(campaigns)s::uuid[])[1 + dice] END
FROM (SELECT id, captured_at, abs(hashtext(id::text)::bigint) %% 40 AS dice FROM lead) AS thrown
"""
_IDENTITIES = """
INSERT INTO identity (kind, key, lead_id, created_at) SELECT 'email', 'person.' || id, id, captured_at FROM lead
"""
_SCORES = """
INSERT INTO score (lead_id, log_odds, log_odds_sd, curve, p_ever, p_ever_low, p_ever_high, p_30, p_30_low, p_30_high,
    p_win, window_start, window_end, is_concentrated, reasons, signals, stage, stage_p, model, scored_at)
SELECT id, 0, 1, 'even', .4, .2, .6, (hashtext(id::text) & 65535) / 262144.0, 0, 1, .1,
    %(moment)s, %(moment)s, false, '[]', 0, 'awareness', 0, 'prior', %(moment)s
FROM lead
"""


_ACTIVITIES = """
INSERT INTO activity (id, lead_id, kind, origin, event_key, occurred_at, recorded_at, actor_id, is_private, body, data)
SELECT md5('activity ' || id)::uuid, id,
    (ARRAY['captured', 'call', 'note', 'enquired'])[1 + abs(hashtext(id::text)::bigint) %% 4],
    'import', 'made', captured_at, captured_at, %(actor)s, false, '', '{}'
FROM lead
"""


@pytest.fixture
def twenty_reps(alice: User, bob: User, make_user: MakeUser, north: Team, south: Team) -> list[User]:
    return [alice, bob, *(make_user(f"rep{n}", "rep", north if n % 2 else south) for n in range(18))]


@pytest.fixture
def hundred_thousand(twenty_reps: list[User]) -> None:
    """A hundred thousand leads of twenty reps in two teams, an eighth of them in the queue, from thirty sources.

    The same each time; the rows belong together as they are made, so that no reference is looked up.
    """
    called = {11: "Fair"} | dict.fromkeys(range(12, 22), "Quote request")
    sources = sources_named([f"{called.get(n, 'Source')} {n}" for n in range(30)])
    given = {
        "users": [rep.pk for rep in twenty_reps],
        "desks": [people.responsible_of(rep).pk for rep in twenty_reps],
        "queue": people.built_in(people.QUALIFY).pk,
        "reason": catalog.reason("no_budget").pk,
        "unstated": catalog.reason(leaks.UNSTATED).pk,
        "sources": [source.pk for source in sources.values()],
        "moment": MONDAY,
        "size": SIZE,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_LEADS.replace(" % ", " %% "), given)
        cursor.execute(_SCORES, {"moment": MONDAY})
        campaigns = [campaign.pk for campaign in campaigns_named([f"Campaign {n}" for n in range(10)]).values()]
        cursor.execute(_ENQUIRIES, {"campaigns": campaigns})
        cursor.execute(_IDENTITIES)
        cursor.execute(_ACTIVITIES, {"actor": people.system().pk})
        cursor.execute("SET LOCAL session_replication_role = origin")
        # The same plans and counts each time: statistics of every row, and no helpers that read ahead of each other.
        cursor.execute("SET LOCAL default_statistics_target = 400")
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute('ANALYZE lead, score, enquiry, activity, identity, "user", responsible, source')
        # As VACUUM, which a transaction cannot, leaves them: an index knows of itself which rows are there.
        cursor.execute("UPDATE pg_class SET relallvisible = relpages WHERE relname IN ('lead', 'score')")


ONE = "p77777"  # how somebody's address begins: not a colleague's to know, nor is everybody open
NUMBER = "+49 (0)30 / 901820"  # as somebody calls whom nobody knows
AREA = "030 90"  # the beginning of one, as it is dialled where the company is


@contextmanager
def statements_put() -> Iterator[list[dict[str, str]]]:
    """Every statement of the block with what was given to it, also where PostgreSQL puts that in by itself."""
    statements: list[dict[str, str]] = []

    def note(execute: Any, sql: Any, given: Any, many: bool, context: Any) -> Any:
        statements.append({"sql": ClientCursor(connection.connection).mogrify(sql, given)})
        return execute(sql, given, many, context)

    with connection.execute_wrapper(note):
        yield statements


def plans(statements: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What PostgreSQL really did for each statement."""
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement)
            yield cursor.fetchone()[0][0]["Plan"]


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """How the large tables were read, and how many rows of them were looked at."""
    if plan.get("Relation Name") in ("lead", "score", "enquiry", "activity", "identity"):
        yield (
            plan["Node Type"] + " " + plan["Relation Name"],
            (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"],
        )
    for part in plan.get("Plans", []):
        yield from scans(part)


def indexes(plan: dict[str, Any]) -> Iterator[str]:
    """By which indexes it was read."""
    if name := plan.get("Index Name"):
        yield name
    for part in plan.get("Plans", []):
        yield from indexes(part)


def read_by(statements: Iterable[str]) -> list[tuple[str, float]]:
    """How these statements read the large tables; those that change something are left out."""
    reading = [sql for sql in statements if not any(word in sql for word in ("UPDATE", "INSERT", "DELETE"))]
    return [scan for plan in plans(reading) for scan in scans(plan)]


def asked_of_lists(alice: User) -> list[dict[str, Any]]:
    """Each filter of a list, in the views in which it costs something else."""
    source = sources_named(["Source 7"])["Source 7"].pk
    campaign = campaigns_named(["Campaign 7"])["Campaign 7"].pk
    return [
        {"view": "all"},
        {"view": "all", "q": NUMBER},
        {"view": "mine", "q": NUMBER},
        {"view": "all", "q": AREA},
        {"view": "mine", "q": AREA},
        {"view": "mine"},
        {"view": "team"},
        {"view": "queue"},
        {"view": "all", "state": "open"},
        {"view": "all", "state": "won"},
        *(
            {"view": view, "state": states}
            for view in ("all", "mine", "team")
            for states in ("new,working", "lost,won")
        ),
        {"view": "all", "source": source, "state": "new,working"},
        {"view": "all", "owner": alice.pk},
        {"view": "all", "owner": alice.pk, "state": "closed"},
        *({"view": view, "state": state} for view in ("mine", "team") for state in ("closed", "won")),
        {"view": "all", "source": source},
        {"view": "mine", "source": source},
        *({"view": "all", "due": due} for due in Due),
        {"view": "mine", "due": Due.WEEK},
        {"view": "team", "due": Due.OVERDUE},
        {"view": "queue", "due": Due.NOW},
        {"view": "all", "ripe": "ripe"},
        {"view": "mine", "ripe": "ripe"},
        {"view": "all", "q": "firm42"},
        {"view": "mine", "q": "person firm7"},
        {"view": "mine", "q": "firm"},  # everybody's
        {"view": "all", "q": ONE},
        {"view": "all", "custom": {"size": "size40"}},
        {"view": "mine", "custom": {"kind": "old"}},
        {"view": "all", "custom": {"size~has": "ze1"}},
        {"view": "mine", "custom": {"size~empty": "1"}},
        {"view": "all", "state": "open", "custom": {"size~has": "size"}},
        {"view": "all", "since": MONDAY.date() - timedelta(days=3)},
        {"view": "all", "since": MONDAY.date() - timedelta(days=200), "until": MONDAY.date() - timedelta(days=190)},
        {"view": "all", "type": "trade_show"},
        {"view": "mine", "type": "trade_show"},
        {"view": "all", "campaign": campaign},
        {"view": "mine", "campaign": campaign},
        *({"view": view, "leak": leak} for view in ("all", "mine", "team") for leak in leaks.ASKED),
        {"view": "all", "team": alice.team_id},
        {"view": "all", "owner": "nobody"},
        {"view": "all", "run": uuid4()},
        {"view": "all", "source": source, "state": "won"},
        {"view": "team", "q": "firm42", "state": "open"},
    ]


def reading_of_lists(
    actors: Sequence[User], asked: Sequence[dict[str, Any]]
) -> Iterator[tuple[User, dict[str, Any], Sort]]:
    """Who asks what in which order: only a rep has leads of their own."""
    for actor, filters in itertools.product(actors, asked):
        if filters["view"] in lists.views_of(actor) and (filters["view"] != "mine" or actor.role == Role.REP):
            yield from ((actor, filters, sort) for sort in lists.sorts_of(Filters(**filters)))


def limits(filters: dict[str, Any], sort: Sort) -> tuple[float, float]:
    """How many rows a list may read to show a page, and how many to count it: the most, somewhat more than it does."""
    if filters.get("ripe"):  # every fifth is: who has few of them is looked for among all that are
        return SIZE * (0.27 if sort is Sort.RIPEST else 0.02), SIZE * 0.32
    if any("~" in name for name in filters.get("custom", ())):  # asked of each of the newest LOOKED_AT
        return SIZE * 0.2, SIZE * 0.28
    if "q" in filters or "custom" in filters:  # among those near by, and then among those of this word or value
        return SIZE * 0.14, SIZE * 0.06
    if "," in filters.get("state", "") and sort is Sort.RIPEST:  # along the ripest, whose state their own row says
        return SIZE * 0.13, SIZE * 0.14
    return SIZE * (0.09 if sort is Sort.RIPEST or "since" in filters or "due" in filters else 0.06), SIZE * 0.14


def amiss(filters: dict[str, Any], sort: Sort, statements: Sequence[str]) -> Iterator[str]:
    """What these statements of a list read without need."""
    read = read_by(sql for sql in statements if not sql.startswith("SELECT COUNT("))
    counted = read_by(sql for sql in statements if sql.startswith("SELECT COUNT("))
    most_read, most_counted = limits(filters, sort)
    if sort is not Sort.NEWEST:
        most_counted *= 2.1  # and once more in whatever order: how many this one leaves out
    if any("AS found ORDER BY" in sql for sql in statements):  # is read and counted in one
        most_read = max(most_read, SIZE * 0.092)
    if sum(rows for _, rows in counted) > most_counted:
        yield f"is counted by {counted}"
    looked_at = sum(rows for kind, rows in read + counted if kind.endswith("lead") and "Only" not in kind)
    is_plain = sort is Sort.NEWEST and filters.keys() <= {"view", "state", "owner", "source", "type"}
    if is_plain and looked_at > (60 if filters["view"] != "queue" else 1_500):  # that one may be counted by its leads
        yield f"looks at more leads than it shows: {read + counted}"
    if sum(rows for _, rows in read) > most_read or any(kind.startswith("Seq Scan") for kind, _ in read + counted):
        yield f"is read by {read} and counted by {counted}"


def amiss_in_lists(actors: Sequence[User], asked: Sequence[dict[str, Any]]) -> Iterator[str]:
    for actor, filters, sort in reading_of_lists(actors, asked):
        yield from amiss_in(actor, filters, sort)


def amiss_in(actor: User, filters: dict[str, Any], sort: Sort) -> Iterator[str]:
    with clock.at(MONDAY), statements_put() as captured:
        shown = show(actor, sort, **filters).rows
    may_be_nobody = (
        filters.get("q") in (ONE, NUMBER, AREA),
        "run" in filters,
        filters.get("owner") == "nobody",
        filters.get("leak") == leaks.BY_FILE and sort is not Sort.NEWEST,  # they are closed
    )
    assert shown or any(may_be_nobody)
    for what in amiss(filters, sort, [q["sql"] for q in captured]):
        yield f"{actor.name}, {filters}, by {sort}, {what}"


def missed(rep: User, leader: User, admin: User) -> Iterator[str]:
    """The indexes without which nothing would be amiss: limits that let all pass would be none."""
    source = sources_named(["Source 7"])["Source 7"].pk
    needed_by: dict[str, tuple[User, dict[str, Any], Sort]] = {
        "lead_newest_of_all": (rep, {"view": "all"}, Sort.NEWEST),
        "lead_next_of_all": (admin, {"view": "all"}, Sort.NEXT),
        "lead_newest_in_state": (admin, {"view": "all", "state": "won"}, Sort.NEWEST),
        "lead_newest_from_source": (leader, {"view": "all", "source": source}, Sort.NEWEST),
        "lead_with_desk": (rep, {"view": "mine"}, Sort.NEWEST),
        "lead_next_of_owner": (rep, {"view": "mine"}, Sort.NEXT),
        "lead_search": (admin, {"view": "all", "q": ONE}, Sort.NEWEST),
        "lead_custom": (admin, {"view": "all", "custom": {"size": "size40"}}, Sort.NEWEST),
        "lead_untouched": (admin, {"view": "all", "leak": leaks.UNANSWERED_YET}, Sort.NEWEST),
        "lead_unreached": (admin, {"view": "all", "leak": Leak.GIVEN_UP}, Sort.NEWEST),
        "lead_talked": (admin, {"view": "all", "leak": Leak.STALLED}, Sort.NEWEST),
    }
    for index, (actor, filters, sort) in needed_by.items():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"DROP INDEX {index}")
            if not any(amiss_in(actor, filters, sort)):
                yield index
            transaction.set_rollback(True)


def amiss_in_counts(rep: User) -> Iterator[str]:
    for state in ("closed", "won"):
        with clock.at(MONDAY), statements_put() as captured:
            assert show(rep, view="mine", state=state).count > 100
        for plan in plans(q["sql"] for q in captured if "COUNT(" in q["sql"]):
            if "lead_newest_of_owner" not in indexes(plan):
                yield f"the count of a rep's leads that are {state}: {plan}"


def amiss_in_screens(rep: User, leader: User) -> Iterator[str]:
    screens: dict[str, Callable[[], object]] = {
        "the palette": lambda: lists.named(rep, "person firm7", zone=ZONE, size=40),
        "the palette, of a caller": lambda: lists.named(rep, NUMBER, zone=ZONE, size=40),
        "the palette's companies": lambda: called_like(rep, "firm77", among=(), size=4),
        "a record": lambda: record.read(Lead.objects.filter(IS_OPEN, owner=rep)[0].pk, rep),
        "Today": lambda: worklist.plan_for(rep),
        "who came again": lambda: came_again(rep),
        "who ripens early": lambda: ripening_early(rep),
        "what a leader is told on Today": lambda: facts(leader),
    }
    with clock.at(MONDAY):
        worklist.plan_for(rep)  # plans the day, for which all that is hers is read
    for name, screen in screens.items():
        with clock.at(MONDAY), statements_put() as captured:
            assert screen() is not None
        read = read_by(q["sql"] for q in captured if q["sql"].lstrip().startswith(("SELECT", "WITH")))
        if sum(rows for _, rows in read) > SIZE / 2 or any(kind.startswith("Seq Scan") for kind, _ in read):
            yield f"{name}: {read}"


def test_no_screen_reads_a_whole_table_at_a_hundred_thousand_leads(
    hundred_thousand: None, alice: User, carol: User, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ripeline.leads.finding.matching.LOOKED_AT", SIZE // 20)  # a part of all, as it is at a million
    monkeypatch.setattr("ripeline.leads.finding.places.NEAR", SIZE // 20)
    Company.objects.update(country="DE")
    wrong = [
        *amiss_in_lists((alice, carol, ada), asked_of_lists(alice)),
        *amiss_in_screens(alice, carol),
        *amiss_in_counts(alice),
    ]
    assert not wrong, "\n".join(wrong)
    assert list(missed(alice, carol, ada)) == []


@pytest.mark.parametrize(
    "typed",
    ["Hans-Peter", "hans peter", "Hans-Peter Schäfer", "schaefer", "Schafer", "Fördertechnik-Wirth", "foerdertechnik",
     "Moeller-Straße", "möller", "wirth@foerdertechnik-wirth.example", "foerdertechnik-wirth.example"],
)  # fmt: skip
def test_who_has_a_hyphen_or_an_umlaut_is_found_however_it_is_typed(
    alice: User, make_lead: MakeLead, typed: str
) -> None:
    lead = make_lead(
        alice, name="Hans-Peter Schäfer", company="Fördertechnik-Wirth Moeller-Straße",
        email="wirth@foerdertechnik-wirth.example",
    )  # fmt: skip
    make_lead(alice, name="Hanna Peters", company="Wirth")
    page = lists.page(alice, Filters(q=typed, view="all"), zone=ZONE)
    assert [row.id for row in page.rows] == [lead.pk]
    assert [row.id for row in lists.named(alice, typed, zone=ZONE, size=7)] == [lead.pk]


def test_a_word_that_only_looks_like_an_umlaut_is_found_as_it_is(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, name="Michael Bauer-Neuer", company="Blue Boat")
    for typed in ("michael", "neuer", "blue boat", "bauer-neuer"):
        assert [row.id for row in lists.named(alice, typed, zone=ZONE, size=7)] == [lead.pk], typed
