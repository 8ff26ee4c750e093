"""Sites in whose pages somebody tried to show a form that may not stand there yet: whoever keeps it may let them.

Anybody can say any site: of each form the last few are kept, and nothing is allowed but by somebody who works here.
"""

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.capture.doors import drafts
from ripeline.capture.doors.drafts import DoorError
from ripeline.capture.models import Door, TriedSite
from ripeline.catalog import tried
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

KEPT = 20  # of a form
LONGEST = 300  # characters of a site; a host has no more than 253

_NOTE = """
INSERT INTO tried_site AS t (door_id, site, times, last_at) VALUES (%s, %s, 1, %s)
ON CONFLICT (door_id, site) DO UPDATE SET times = LEAST(t.times, 1000000) + 1, last_at = EXCLUDED.last_at
RETURNING times
"""
_FORGET = """
DELETE FROM tried_site WHERE door_id = %s AND id IN (
    SELECT id FROM tried_site WHERE door_id = %s ORDER BY last_at DESC, id DESC OFFSET %s)
"""


def note(door: Door, site: str) -> None:
    """Count one try, and forget those of longest ago."""
    if len(site) > LONGEST or not drafts.is_site(site):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NOTE, [door.pk, site, clock.now()])
        if cursor.fetchone() == (1,):
            cursor.execute(_FORGET, [door.pk, door.pk, KEPT])


def lately(door: Door) -> list[TriedSite]:
    """The last few that tried and may not yet, the latest first."""
    return tried.lately(TriedSite.objects.filter(door=door).exclude(site__in=door.sites))


def allow(*, actor: User, door: Door, site: str) -> None:
    """Let a site show the form, beside those that may. Again changes nothing. Raises DoorError."""
    require_keeps_catalog(actor)
    if not drafts.is_site(site):
        raise DoorError("That is not the address of a site.", "sites")
    with transaction.atomic():
        found = Door.objects.select_for_update().get(pk=door.pk)
        if site not in found.sites:
            if len(found.sites) >= drafts.SITES_AT_MOST:
                raise DoorError(f"{drafts.SITES_AT_MOST} sites may show it at most; take one off first.", "sites")
            found.sites = [*found.sites, site]
            found.save(update_fields=["sites"])
            people.audit(actor=actor, verb="door.change", target=found.slug, site=site)
        TriedSite.objects.filter(door=door, site=site).delete()


def forget(*, actor: User, door: Door, site: str) -> None:
    """It is none of ours: say no more of it, until it tries again."""
    require_keeps_catalog(actor)
    TriedSite.objects.filter(door=door, site=site).delete()
