"""Before somebody leaves: to whom their open leads would go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ripeline.base import clock
from ripeline.people.models import Responsible, User
from ripeline.routing import queries, rules
from ripeline.routing.models import Turn


def would_take_over(user: User) -> Sequence[tuple[str, int]]:
    """(name, how many) of those who would get the leads of `user` by the rules as things stand, most first.

    A preview without locks or writes: what `actions.deactivate` does may differ by what is handed out meanwhile.
    """
    moment = clock.now()
    held = queries.held_by([user.pk])
    sellers = {pk: s for pk, s in queries.sellers().items() if pk != user.pk}
    rooms = queries.room(list(sellers))
    credits = dict(Turn.objects.filter(user__in=sellers).values_list("user_id", "credit"))
    able = {pk: replace(s, room=max(rooms.get(pk, 0), 0), credit=credits.get(pk, 0)) for pk, s in sellers.items()}
    fallback, queue = queries.places()
    if fallback.user_id == user.pk:
        fallback = queue
    routes, _ = rules.choose(
        queries.wishes(held),
        sellers=able,
        rotation=rules.in_rotation(able.values(), moment),
        fallback=fallback,
        queue=queue,
    )
    found = Counter(route.responsible_id for route in routes)
    names = dict(Responsible.objects.filter(pk__in=found).values_list("pk", "name"))
    return [(names[pk], count) for pk, count in found.most_common()]
