"""A list holds what a plain reading of every lead gives: the same leads in the same order, and as many, page by page.

The plain reading knows no index and no set: it asks `rules` of each lead, one question after another.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from operator import ge, gt, le, lt
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog import queries as catalog
from ripeline.catalog.actions import campaigns_named, sources_named
from ripeline.leads import rules
from ripeline.leads.finding import leaks, lists, own_fields, places
from ripeline.leads.finding.filters import NOBODY, STATES, is_of_closed
from ripeline.leads.finding.lists import Due, Filters, Page, Sort, View
from ripeline.leads.finding.own_fields import How
from ripeline.leads.knowing import identity
from ripeline.leads.models import CLOSED_STATES, Enquiry, Lead, State
from ripeline.leads.rules import Verb
from ripeline.leads.words.plain import unaccented
from ripeline.leads.words.searching import search_query, search_tokens, searched_parts
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind, Role, Team, User
from ripeline.ripeness.models import Score
from tests.cast import MONDAY, MakeUser
from tests.thoroughness import thorough

ZONE = ZoneInfo("Europe/Lisbon")
TODAY = MONDAY.astimezone(ZONE).date()
LEADS = 400
RIPE = 0.2  # from here on they have the tag
RUN = UUID(int=77)


@dataclass
class Company:
    """Everything there is, read once."""

    actors: Sequence[User]
    leads: Sequence[Lead] = ()
    p_30: Mapping[UUID, float] = field(default_factory=dict)
    campaigns: Mapping[UUID, set[UUID]] = field(default_factory=dict)  # by lead
    leaking: Mapping[str, set[UUID]] = field(default_factory=dict)
    reached: Mapping[str, UUID] = field(default_factory=dict)  # lead by a whole address
    verbs: dict[tuple[UUID, UUID], frozenset[Verb]] = field(default_factory=dict)

    def may(self, actor: User, verb: Verb, lead: Lead) -> bool:
        key = actor.pk, lead.pk
        if key not in self.verbs:
            self.verbs[key] = rules.verbs(actor, lead)
        return verb in self.verbs[key]


def is_in_view(actor: User, view: View, lead: Lead) -> bool:
    mine = {actor.pk} | rules.covering(actor)
    holder = lead.owner or lead.responsible.user
    match view:
        case View.MINE:
            return lead.owner_id in mine or (rules.is_open(lead) and lead.responsible.user_id in mine)
        case View.TEAM:
            return holder is not None and holder.team_id == actor.team_id
        case View.QUEUE:
            return rules.is_open(lead) and lead.responsible.kind == ResponsibleKind.QUEUE
    return True


def is_due(due: str, lead: Lead) -> bool:
    if not lead.next_at or not rules.is_open(lead):
        return False
    days = (lead.next_at.astimezone(ZONE).date() - TODAY).days
    return {
        Due.NOW: days <= 0, Due.SOON: days <= 7, Due.OVERDUE: days < 0, Due.TODAY: days == 0, Due.WEEK: 1 <= days <= 7,
        Due.LATER: days > 7,
    }[Due(due)]  # fmt: skip


def holds(lead: Lead, name: str, asked: str) -> bool:
    """What is asked of a field of the company's own."""
    key, how = own_fields.split(name)
    held = lead.custom.get(key)
    text = held if isinstance(held, str) else "" if held is None else json.dumps(held)
    is_number = isinstance(held, int | float) and not isinstance(held, bool)
    match how:
        case How.IS:
            said = {"yes": True, "no": False, "true": True, "false": False}.get(asked.casefold())
            is_same_number = is_number and asked.replace(".", "").isdigit() and held == float(asked)
            return held == asked or is_same_number or (isinstance(held, bool) and held is said)
        case How.HAS:
            return key in lead.custom and held is not None and asked.casefold() in text.casefold()
        case How.EMPTY:
            return text == ""
    compared: dict[How, Callable[[Any, Any], bool]] = {How.FROM: ge, How.TO: le, How.BEFORE: lt, How.AFTER: gt}
    if asked.isdigit():
        return is_number and compared[how](held, float(asked))
    is_day = isinstance(held, str) and re.match(r"\d{4}-\d\d-\d\d", held) is not None
    return is_day and compared[how](held[:10], asked)


def is_found(company: Company, actor: User, text: str, lead: Lead) -> bool:
    """By a word's beginning; of another's lead, by what everybody sees of it, or by a whole address."""
    if company.reached.get(text) == lead.pk:
        return True
    words, known = text.casefold().split(), lead.search.split()
    if not all(any(one.startswith(word) for one in known) for word in words):
        return False
    openly = unaccented(f"{lead.name} {lead.company}".casefold())
    return (
        company.may(actor, Verb.SEE_CONTEXT, lead)
        or all(word in openly for word in words)
        or lead.email.casefold() == text.casefold()
    )


def passes(company: Company, actor: User, asked: Filters, lead: Lead) -> bool:
    def may(verb: Verb) -> bool:
        return company.may(actor, verb, lead)

    came, holder = lead.captured_at.astimezone(ZONE).date(), lead.owner or lead.responsible.user
    questions: list[tuple[object, Verb | None, Callable[[], bool]]] = [
        (True, Verb.FIND, lambda: lead.merged_into_id is None),
        (True, None, lambda: is_in_view(actor, View(asked.view), lead)),
        (
            asked.state,
            Verb.SEE_STATE,
            lambda: (
                rules.is_open(lead) if asked.state == "open"
                else lead.state in CLOSED_STATES if asked.state == "closed"
                else lead.state == asked.state
            ),
        ),
        (asked.owner, None, lambda: lead.owner_id == (None if asked.owner == NOBODY else asked.owner)),
        (asked.source, Verb.SEE_CONTEXT, lambda: lead.source_id == asked.source),
        (asked.type, Verb.SEE_CONTEXT, lambda: bool(lead.source) and lead.source.source_type == asked.type),
        (asked.campaign, Verb.SEE_CONTEXT, lambda: asked.campaign in company.campaigns.get(lead.pk, ())),
        (asked.since, Verb.SEE_CONTEXT, lambda: came >= asked.since),
        (asked.until, Verb.SEE_CONTEXT, lambda: came <= asked.until),
        (asked.due, Verb.SEE_NEXT, lambda: is_due(asked.due, lead)),
        (
            asked.ripe,
            Verb.SEE_CONTEXT,
            lambda: rules.is_open(lead) and lead.state != State.OPPORTUNITY and company.p_30.get(lead.pk, 0) >= RIPE,
        ),
        (asked.run, Verb.SEE_CONTEXT, lambda: lead.import_run_id == asked.run),
        (asked.team, None, lambda: bool(holder) and holder.team_id == asked.team),
        (
            asked.leak,
            leaks.needs(asked.leak) if asked.leak else None,
            lambda: lead.pk in company.leaking[asked.leak],
        ),
        *(
            (True, Verb.SEE_CONTEXT, lambda name=name, value=value: holds(lead, name, value))
            for name, value in asked.custom.items()
        ),
        (asked.q, None, lambda: is_found(company, actor, asked.q, lead)),
    ]  # fmt: skip
    return all((needs is None or may(needs)) and is_so() for is_asked, needs, is_so in questions if is_asked)


def read_plainly(company: Company, actor: User, asked: Filters, sort: Sort) -> list[UUID]:
    """The whole list, as ids."""
    found = [lead for lead in company.leads if passes(company, actor, asked, lead)]
    if sort is Sort.NEWEST or is_of_closed(asked.state):
        found.sort(key=lambda lead: (lead.captured_at, lead.pk), reverse=True)
    elif sort is Sort.NEXT:
        found = [lead for lead in found if rules.is_open(lead) and company.may(actor, Verb.SEE_NEXT, lead)]
        found.sort(key=lambda lead: (lead.next_at, lead.pk))
    else:
        found = [lead for lead in found if rules.is_open(lead) and company.may(actor, Verb.SEE_CONTEXT, lead)]
        found = [lead for lead in found if lead.pk in company.p_30]
        found.sort(key=lambda lead: (-company.p_30[lead.pk], lead.pk))
    return [lead.pk for lead in found]


@pytest.fixture
def actors(
    make_user: MakeUser, north: Team, south: Team,
    alice: User, bob: User, carol: User, mallory: User, sam: User, mona: User, ada: User,
) -> list[User]:  # fmt: skip
    """Every role in both teams and in none; two stand in for somebody who is away, one of another team."""
    lena, noah = make_user("lena", Role.LEADER, south), make_user("noah", Role.REP)
    lone = make_user("lone", Role.LEADER)
    gone = make_user("gone", Role.REP, north)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for away, cover in ((mallory, bob), (noah, sam)):
        people_actions.add_absence(
            actor=people.system(), user=away, first_day=TODAY, last_day=TODAY + timedelta(days=3), cover=cover
        )
    everybody = (alice, bob, carol, mallory, sam, mona, ada, lena, noah, lone, gone)
    return [User.objects.get(pk=user.pk) for user in everybody]


@pytest.fixture
def company(actors: list[User], north: Team, south: Team) -> Iterator[Company]:
    """A few hundred leads in every odd case there is, with ties in each order; the same each time."""
    with clock.at(MONDAY):
        made = list(_made(Random(7), actors))
        Lead.objects.bulk_create(made)
        _merge(Random(8), made)
        _score(Random(9), made)
        _enquire(Random(10), made)
        reached = _addresses(made)
        yield _read(actors, reached)


OWN = (
    "large",
    "Large",
    "very large",
    14,
    "14",
    3.5,
    True,
    False,
    "yes",
    "",
    None,
    ["large"],
    "2026-05-01",
    "2026-05-09",
)
NAMES = ("Priya Raman", "Tomás Oliveira", "Jo O'Neil", "", "Ann Firm")
FIRMS = ("Firm One", "Firm Two", "Casa Verde", "")


def _made(dice: Random, actors: Sequence[User]) -> Iterator[Lead]:
    desks = dict(Responsible.objects.filter(user__isnull=False).values_list("user_id", "pk"))
    holders = [user for user in actors if user.pk in desks]
    shared = [*people.nobodys()]
    sources = [None, *(found.pk for found in sources_named(["Fair", "Web", "Trade show 2026", "Referral"]).values())]
    reasons = {state: [r.pk for r in catalog.reasons() if r.state == state] for state in CLOSED_STATES}
    for n in range(LEADS):
        owner = dice.choice([None, None, *holders])
        responsible = desks[owner.pk] if owner and dice.random() < 0.6 else dice.choice([*shared, *desks.values()])
        state = dice.choice([*State.values, State.NEW.value, State.WORKING.value, State.NURTURE.value])
        name, firm = dice.choice(NAMES), dice.choice(FIRMS)
        email = "" if dice.random() < 0.15 else f"p{n}.secret@firm{n % 9}.example"
        phone = f"+3519{n:08}" if dice.random() < 0.4 else ""
        came = MONDAY - timedelta(hours=7 * dice.randrange(90))
        touched = dice.choice([None, MONDAY - timedelta(days=dice.choice([2, 20, 45]))])
        closed: dict[str, Any] = {"next_at": MONDAY + timedelta(hours=7 * dice.randrange(-60, 60)), "next_set_at": came}
        if state in CLOSED_STATES:
            closed = {
                "close_reason_id": dice.choice(reasons[State(state)]),
                "closed_at": MONDAY,
                "closed_by": actors[0],
            }
        yield Lead(
            id=new_id(), name=name, company=firm, email=email, phone=phone, state=state, owner=owner,
            search=search_tokens(name=name, company=firm, email=email, phone=phone),
            responsible_id=responsible, source_id=dice.choice(sources), captured_at=came, episode_at=came,
            custom={} if dice.random() < 0.3 else {dice.choice(["size", "other"]): dice.choice(OWN)},
            import_run_id=dice.choice([None, None, RUN]), touches=dice.choice([0, 2, 8]), state_at=came,
            last_touch_at=touched, last_reached_at=dice.choice([None, touched]),
            next_committed=dice.random() < 0.2, next_kind="follow_up" if state not in CLOSED_STATES else "", **closed,
        )  # fmt: skip


def _merge(dice: Random, made: Sequence[Lead]) -> None:
    """Some were merged into another, which stays."""
    for lead in dice.sample(made[50:], 25):
        Lead.objects.filter(pk=lead.pk).update(merged_into=dice.choice(made[:50]))


def _score(dice: Random, made: Sequence[Lead]) -> None:
    Score.objects.bulk_create(
        Score(
            lead_id=lead.pk, log_odds=0.0, log_odds_sd=1.0, curve="even", p_ever=0.4, p_ever_low=0.2, p_ever_high=0.6,
            p_30=round(dice.randrange(12) / 30, 3), p_30_low=0.0, p_30_high=1.0, p_win=0.1,
            window_start=TODAY, window_end=TODAY, is_concentrated=False, model="prior", scored_at=MONDAY,
        )
        for lead in made if dice.random() < 0.9
    )  # fmt: skip


def _enquire(dice: Random, made: Sequence[Lead]) -> None:
    """Once, or again by the same or by another campaign."""
    campaigns = [None, *(found.pk for found in campaigns_named(["Spring", "Autumn"]).values())]
    Enquiry.objects.bulk_create(
        Enquiry(id=uuid4(), lead=lead, door="import", campaign_id=dice.choice(campaigns), captured_at=lead.captured_at)
        for lead in made for _ in range(dice.choice([1, 1, 2, 3]))
    )  # fmt: skip


def _addresses(made: Sequence[Lead]) -> dict[str, UUID]:
    """Whole addresses and whom they reach: the one shown, another, or that of somebody who was merged into them."""
    reached = {lead.email: lead.pk for lead in made[::3] if lead.email}
    reached |= {f"other{n}@private.example": lead.pk for n, lead in enumerate(made[::40])}
    keys = {address: identity.email(address) for address in reached}
    identity.claim({key: reached[address] for address, key in keys.items() if key})
    now = dict(Lead.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id"))
    return {address: now.get(pk, pk) for address, pk in reached.items()}


def _read(actors: Sequence[User], reached: Mapping[str, UUID]) -> Company:
    campaigns: dict[UUID, set[UUID]] = {}
    came = Enquiry.objects.filter(campaign__isnull=False)
    for lead, into, campaign in came.values_list("lead_id", "lead__merged_into_id", "campaign_id"):
        campaigns.setdefault(into or lead, set()).add(campaign)
    leaking = {
        leak: set(Lead.objects.filter(leaks.asked_for(leak, clock.now())).values_list("pk", flat=True))
        for leak in leaks.ASKED
    }
    return Company(
        actors, list(Lead.objects.select_related("owner", "responsible__user", "source")),
        dict(Score.objects.values_list("lead_id", "p_30")), campaigns, leaking, reached,
    )  # fmt: skip


def questions(company: Company, north: Team, south: Team) -> list[dict[str, Any]]:
    """One of each that can be asked."""
    leads = [lead for lead in company.leads if lead.merged_into_id is None and lead.email and lead.owner_id]
    sources = {source.pk for lead in company.leads if (source := lead.source)}
    types = {source.source_type for lead in company.leads if (source := lead.source)}
    campaigns = {campaign for some in company.campaigns.values() for campaign in some}
    own = [
        ("size", "large"), ("size", "14"), ("size", "3.5"), ("size", "yes"), ("size", "false"), ("other", "large"),
        ("size~has", "LAR"), ("size~empty", "1"), ("size~from", "4"), ("size~to", "14"), ("size~from", "2026-05-02"),
        ("size~to", "2026-05-02"), ("size", "nothing"),
    ]  # fmt: skip
    words = ("firm", "firm two", "priya", "verde", "secret", leads[3].email.split("@")[0], leads[5].email, "nobody",
             "other3@private.example", "tomas oli", next(iter(company.reached)))  # fmt: skip
    phones = [lead.phone[-7:] for lead in company.leads if lead.phone][:1]
    return [
        {},
        *({"state": state} for state in STATES),
        *({"owner": owner} for owner in (NOBODY, *(user.pk for user in company.actors[:4]))),
        *({"source": source} for source in sorted(sources)),
        *({"type": kind} for kind in sorted(types)),
        *({"campaign": campaign} for campaign in sorted(campaigns)),
        {"since": TODAY - timedelta(days=9)}, {"until": TODAY - timedelta(days=9)},
        *({"due": due.value} for due in Due),
        {"ripe": "ripe"}, {"run": RUN}, {"team": north.pk}, {"team": south.pk},
        *({"leak": str(leak)} for leak in leaks.ASKED),
        *({"custom": {name: value}} for name, value in own),
        *({"q": text} for text in (*words, *phones)),
    ]  # fmt: skip


def page(actor: User, asked: Filters, sort: Sort, size: int, **place: str) -> Page:
    tagged = Score.objects.filter(p_30__gte=RIPE) if asked.ripe else None
    return lists.page(actor, asked, zone=ZONE, sort=sort, size=size, scores=Score.objects.all(), tagged=tagged, **place)


def shown(page: Page) -> list[UUID]:
    return [row.id for row in page.rows]


def differences(company: Company, actor: User, asked: Filters, sort: Sort) -> Iterator[str]:
    """Between the whole list and the plain reading."""
    whole = read_plainly(company, actor, asked, sort)
    found = page(actor, asked, sort, LEADS)
    if shown(found) != whole or found.count != len(whole):
        missing, more = set(whole) - set(shown(found)), set(shown(found)) - set(whole)
        yield (
            f"{actor.name}, {asked.write()}, {sort}: {len(missing)} missing, {len(more)} more, counted {found.count}"
        )


@pytest.fixture(params=[3, 10_000], ids=["near is little", "near is all"])
def near(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many leads are looked at before what is found is taken to be rare."""
    monkeypatch.setattr(places, "NEAR", request.param)
    monkeypatch.setattr(places, "COMMON", 1)


@pytest.mark.usefixtures("near")
def test_each_filter_in_each_order_shows_each_person_what_a_plain_reading_gives(
    company: Company, north: Team, south: Team
) -> None:
    lists_there_are = list(product(company.actors, View, Sort, questions(company, north, south)))
    wrong = [
        what
        for actor, view, sort, asked in lists_there_are[:: thorough(29, 1)]
        for what in differences(company, actor, Filters(view=view.value, **asked), sort)
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(lists_there_are)}", *wrong[:40]])


def together(some: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Several questions as one; of two of a kind the latter, of two fields both."""
    asked: dict[str, Any] = {}
    for one in some:
        custom = {**asked.get("custom", {}), **one.get("custom", {})}
        asked = {**asked, **one, **({"custom": custom} if custom else {})}
    return asked


@pytest.mark.usefixtures("near")
def test_questions_put_together_are_paged_forth_and_back_as_a_plain_reading_gives_them(
    company: Company, north: Team, south: Team
) -> None:
    singles = questions(company, north, south)

    @settings(max_examples=thorough(30, 3000))
    @given(
        st.sampled_from(company.actors), st.sampled_from(View), st.sampled_from(Sort),
        st.lists(st.sampled_from(singles), max_size=3), st.sampled_from([1, 4, 30]),
    )  # fmt: skip
    def is_read_so(actor: User, view: View, sort: Sort, some: list[dict[str, Any]], size: int) -> None:
        asked = Filters(view=view.value, **together(some))
        whole = read_plainly(company, actor, asked, sort)
        whole_pages = [whole[at : at + size] for at in range(0, len(whole), size)][:5]
        here, seen = page(actor, asked, sort, size), []
        for expected in whole_pages:
            assert shown(here) == expected
            assert here.count == len(whole)
            seen.append(here)
            assert bool(here.next) == (len(seen) * size < len(whole))
            here = page(actor, asked, sort, size, after=here.next) if here.next else here
        for at in reversed(range(len(seen) - 1)):
            back = page(actor, asked, sort, size, before=seen[at + 1].previous)
            assert shown(back) == whole_pages[at]
            assert bool(back.previous) == (at > 0)
        assert whole or not here.rows

    is_read_so()


@pytest.mark.django_db
def test_whoever_a_search_finds_has_the_letters_that_are_looked_for_first() -> None:
    """PostgreSQL takes words apart by its own rules; what is looked for beforehand must leave nobody out."""
    dice = Random(11)

    def some(most: int) -> str:
        return "".join(dice.choice("aab12 .-+@_'éß/e0") for _ in range(dice.randint(1, most)))

    pairs = [(search_tokens(name=some(12), email=some(8), phone=some(9)), some(5)) for _ in range(20_000)]
    asked = [(tokens, text, query) for tokens, text in pairs if (query := search_query(text))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_tsvector('simple', tokens) @@ to_tsquery('simple', query)"
            " FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given(tokens, query, at) ORDER BY at",
            [[tokens for tokens, _, _ in asked], [query for _, _, query in asked]],
        )
        found = [each for each, (is_found,) in zip(asked, cursor.fetchall(), strict=True) if is_found]
    assert len(found) > 500
    assert sum(len(searched_parts(text)[0]) > 1 for _, text, _ in found) > 50

    def has_letters(tokens: str, text: str) -> bool:
        return any(all(part in tokens for part in parts) for parts in searched_parts(text))

    assert [each for each in found if not has_letters(*each[:2])] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["-2+3", "+cmd|' /C calc'!A0", "-Anna Berg", "+Anna", "@SUM(A1)", "=1+1"])
def test_a_name_that_begins_with_a_sign_is_found_as_it_is_written(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_tsvector('simple', %s) @@ to_tsquery('simple', %s)",
            [search_tokens(name=name), search_query(name)],
        )
        assert cursor.fetchone() == (True,)
