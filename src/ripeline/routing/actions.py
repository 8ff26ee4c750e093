"""Handing leads out: at birth, when somebody leaves, when somebody has room."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.people import working_time
from ripeline.people.models import Company
from ripeline.routing import queries, rules
from ripeline.routing.models import Turn
from ripeline.routing.rules import Route, Seller, Wish


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A lead about to be born, as routing sees it.

    `own`: the user whose own lead it is (a rep brought it in, or the file names them); `due`: its next moment;
    `value`: of a contact, or any score: where not all fit, the highest go first.
    """

    account_id: UUID | None = None
    own: UUID | None = None
    due: datetime | None = None
    value: float = 0.0


def route_batch(newcomers: Sequence[Newcomer]) -> list[Route]:
    """Decide who becomes responsible for each of many new leads, in the order given; a handful of queries in all.

    Call it inside the transaction that inserts the leads, as late as possible and after identity was claimed: where
    the rotation decides, the rows of the sellers are locked until commit, so that two batches at once never exceed a
    cap. A lead not due before the day after next takes nobody's place yet: it waits in the Qualify queue (`release`
    hands it out), unless somebody has a standing claim.
    """
    if not newcomers:
        return []
    moment, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    soon = calendar.end_of(calendar.after(calendar.day(moment), 1))
    owners = queries.account_owners({n.account_id for n in newcomers if n.account_id})
    wishes = []
    for newcomer in newcomers:
        owner, account = owners.get(newcomer.account_id, (None, "")) if newcomer.account_id else (None, "")
        due = newcomer.due or moment
        wishes.append(
            Wish(
                own=newcomer.own, account_owner=owner, account=account, due=calendar.day(due), value=newcomer.value,
                waits=due >= soon,
            )
        )  # fmt: skip
    return _route(wishes, firm=firm, moment=moment)


def _route(wishes: Sequence[Wish], *, firm: Company, moment: datetime, without: Collection[UUID] = ()) -> list[Route]:
    """Choose for wishes under the sellers' locks, and keep everybody's place in turn."""
    found = queries.sellers(firm, since=min([w.due for w in wishes if w.due] + [moment.date()]))
    able = {user: seller for user, seller in found.items() if user not in without}
    rotation = rules.in_rotation(able.values(), moment)
    fallback, queue = queries.places(firm)
    if fallback.user_id in without:
        fallback = queue
    if all(w.waits or rules.standing(w, able) for w in wishes):
        return rules.choose(wishes, sellers=able, rotation=[], fallback=fallback, queue=queue)[0]
    with _in_turn(rotation) as ready:
        routes, credits = rules.choose(wishes, sellers=able, rotation=ready, fallback=fallback, queue=queue)
        _keep_turns(credits)
    return routes


@contextmanager
def _in_turn(rotation: Sequence[Seller]) -> Iterator[list[Seller]]:
    """The sellers with the room they have now; their rows stay locked until the transaction ends."""
    users = sorted(s.user_id for s in rotation)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO turn (user_id, credit) SELECT u, 0 FROM unnest(%s::uuid[]) AS u ORDER BY u"
            " ON CONFLICT DO NOTHING",
            [users],
        )
        turns = Turn.objects.filter(user__in=users).order_by("user_id").select_for_update()
        credits = dict(turns.values_list("user_id", "credit"))
        rooms = queries.room(users)  # after the locks: what others handed out meanwhile is counted
        yield [
            replace(s, room=max(rooms.get(s.user_id, 0), 0), credit=credits[s.user_id])
            for s in rotation
            if s.user_id in credits
        ]


def _keep_turns(credits: dict[UUID, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE turn SET credit = v.credit FROM unnest(%s::uuid[], %s::int[]) AS v(user_id, credit)"
            " WHERE turn.user_id = v.user_id AND turn.credit <> v.credit",
            [list(credits), list(credits.values())],
        )
