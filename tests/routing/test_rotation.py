"""The rules alone: whose turn it is, for any sellers and any leads."""

from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ripeline.people.models import Role
from ripeline.routing.rules import Place, Route, Seller, Wish, choose, in_rotation, words

QUEUE = Place(UUID(int=900), None, "Qualify")
BOSS = Place(UUID(int=901), UUID(int=902), "Ada")


def seller(number: int, name: str = "", *, weight: int = 1, room: int = 100, credit: int = 0, **more: object) -> Seller:
    return Seller(
        UUID(int=number), UUID(int=number + 500), name or f"Seller {number}", Role.REP, weight, room=room,
        credit=credit, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def hand_out(wishes: list[Wish], *rotation: Seller, fallback: Place = QUEUE) -> tuple[list[Route], dict[UUID, int]]:
    everybody = {s.user_id: s for s in rotation}
    return choose(wishes, sellers=everybody, rotation=rotation, fallback=fallback, queue=QUEUE)


def test_who_has_twice_the_weight_gets_twice_as_many_and_never_two_in_a_row_too_many() -> None:
    routes, _ = hand_out([Wish()] * 6, seller(1, weight=2), seller(2, weight=1))
    assert [r.owner_id and r.owner_id.int for r in routes] == [1, 2, 1, 1, 2, 1]


def test_the_turn_goes_on_where_the_last_batch_left_it() -> None:
    first, credits = hand_out([Wish()], seller(1), seller(2))
    second, _ = hand_out([Wish()], seller(1, credit=credits[UUID(int=1)]), seller(2, credit=credits[UUID(int=2)]))
    assert {first[0].owner_id, second[0].owner_id} == {UUID(int=1), UUID(int=2)}


def test_the_most_valuable_leads_get_the_last_places() -> None:
    routes, _ = hand_out([Wish(value=0.1), Wish(value=0.9), Wish(value=0.5)], seller(1, room=2), fallback=BOSS)
    assert [r.owner_id for r in routes] == [BOSS.user_id, UUID(int=1), UUID(int=1)]
    assert words(routes[0].why) == "Everybody in turn has as many as they can look after, so it goes to Ada."


def test_a_lead_that_is_not_due_yet_takes_nobodys_place() -> None:
    routes, _ = hand_out([Wish(waits=True, due=date(2026, 3, 12))], seller(1))
    assert routes[0].responsible_id == QUEUE.responsible_id
    assert words(routes[0].why) == (
        "It is not due before 12 March 2026, so it waits in Qualify and takes nobody's place."
    )


def test_the_accounts_owner_comes_first_even_past_their_cap_and_the_reason_says_so() -> None:
    routes, _ = hand_out(
        [Wish(account_owner=UUID(int=2), account="Helio Optics", due=date(2026, 3, 2))],
        seller(1), seller(2, "Alice", room=0),
    )  # fmt: skip
    assert routes[0].owner_id == UUID(int=2)
    assert words(routes[0].why) == "Alice looks after Helio Optics."


AWAY = (date(2026, 3, 1), date(2026, 3, 12))


def test_an_absent_account_owner_keeps_it_when_somebody_covers() -> None:
    wish = Wish(account_owner=UUID(int=2), account="Helio Optics", due=date(2026, 3, 2))
    routes, _ = hand_out([wish], seller(1), seller(2, "Alice", away=((*AWAY, "Bob"),)))
    assert routes[0].owner_id == UUID(int=2)
    assert words(routes[0].why) == "Alice looks after Helio Optics; Bob covers until 12 March 2026."


def test_an_absent_account_owner_keeps_what_is_due_when_they_are_back_but_not_what_is_due_now() -> None:
    alice = seller(2, "Alice", away=((*AWAY, ""),))
    now = Wish(account_owner=alice.user_id, due=date(2026, 3, 2))
    later = Wish(account_owner=alice.user_id, due=date(2026, 3, 13))
    routes, _ = choose(
        [now, later], sellers={s.user_id: s for s in (seller(1), alice)}, rotation=[seller(1)], fallback=QUEUE,
        queue=QUEUE,
    )  # fmt: skip
    assert [r.owner_id for r in routes] == [UUID(int=1), alice.user_id]


def test_turns_are_for_reps_who_are_here_and_for_whoever_sells_where_there_are_no_reps() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    absent, unweighted = seller(1, away=((*AWAY, "Bob"),)), seller(2, weight=0)
    rep, admin = seller(3), Seller(UUID(int=4), UUID(int=504), "Ada", Role.ADMIN, 1)
    assert in_rotation([absent, unweighted, rep, admin], now) == [rep]
    assert in_rotation([admin], now) == [admin]


weights = st.lists(st.integers(1, 5), min_size=1, max_size=6)


@given(weights, st.integers(0, 200))
def test_shares_never_stray_from_the_weights_by_more_than_a_lead_for_each_seller(weight: list[int], n: int) -> None:
    sellers = [seller(i, weight=w, room=1000) for i, w in enumerate(weight, start=1)]
    routes, credits = hand_out([Wish()] * n, *sellers)
    got = Counter(r.owner_id for r in routes)
    for each in sellers:
        assert abs(got[each.user_id] - n * each.weight / sum(weight)) <= len(sellers)
    assert sum(credits.values()) == 0


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10)), max_size=5), st.lists(st.floats(0, 1), max_size=60))
def test_nobody_gets_more_than_their_room_and_everybody_is_somewhere(
    given_sellers: list[tuple[int, int]], values: list[float]
) -> None:
    sellers = [seller(i, weight=w, room=r) for i, (w, r) in enumerate(given_sellers, start=1)]
    routes, _ = hand_out([Wish(value=v) for v in values], *sellers)
    got = Counter(r.owner_id for r in routes)
    assert len(routes) == len(values)
    assert all(got[s.user_id] <= s.room for s in sellers)
    assert sum(got[s.user_id] for s in sellers) == min(len(values), sum(s.room for s in sellers))
