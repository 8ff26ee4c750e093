"""One person, one lead (I4): which lead a set of keys belongs to, and the claim of new keys, safe under concurrency.

A key is claimed by inserting it: PostgreSQL's UNIQUE(kind, key) lets one transaction win, and makes the others wait for
its commit and then see its lead. Keys are claimed in sorted order, so that two batches cannot wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from ripeline.base import clock
from ripeline.base.addresses import mailbox_key
from ripeline.base.statements import prepared_rows
from ripeline.leads.models import Identity, IdentityKind, Lead
from ripeline.leads.words import systems
from ripeline.leads.words.keys import domain_of, number_of, phone_key

_LONGEST = 254  # characters of a key


class Key(NamedTuple):
    """What makes two rows the same person."""

    kind: str
    key: str

    @property
    def is_hint(self) -> bool:
        """Whether it gives way where another key says otherwise."""
        return self.kind == IdentityKind.PHONE


def email(address: str) -> Key | None:
    """The key of an e-mail address, which is its mailbox; None if it is none."""
    key = mailbox_key(address)
    return Key(IdentityKind.EMAIL, key) if key else None


def external(value: str, system: str = "") -> Key | None:
    """The key of an id that a system gave; None if empty. The end of a very long one is kept as its hash."""
    value = systems.qualified(value.strip(), system) if value.strip() else ""
    if len(value) > _LONGEST:
        digest = sha256(value.encode()).hexdigest()
        value = f"{value[: _LONGEST - len(digest) - 1]}#{digest}"
    return Key(IdentityKind.EXTERNAL, value) if value else None


def phone(number: str, name: str, company: str = "") -> Key | None:
    """The key of a telephone number with the name (or, where there is none, the company) of whom it reaches."""
    key = phone_key(number, name, company)
    return Key(IdentityKind.PHONE, key) if key else None


def contradict(ours: Collection[Key], theirs: Collection[Key]) -> bool:
    """Whether two people of the same number and name are known to be two: one company gave each an address of their
    own, or one system an id."""
    numbered = [{systems.of(key.key) for key in keys if key.kind == IdentityKind.EXTERNAL} for keys in (ours, theirs)]
    if numbered[0] & numbered[1]:
        return True
    firms = [{domain_of(key.key) for key in keys if key.kind == IdentityKind.EMAIL} for keys in (ours, theirs)]
    return bool(firms[0] & firms[1] - {""})


def keys_of(lead_ids: Collection[UUID]) -> dict[UUID, set[Key]]:
    """All keys of these leads, and of those merged into them."""
    family = dict(Lead.objects.filter(merged_into__in=lead_ids).values_list("pk", "merged_into_id"))
    found: dict[UUID, set[Key]] = {lead_id: set() for lead_id in lead_ids}
    for lead_id, kind, key in Identity.objects.filter(lead__in=[*found, *family]).values_list("lead_id", "kind", "key"):
        found[family.get(lead_id) or lead_id].add(Key(kind, key))
    return found


_RESOLVE = """
SELECT given.kind, given.key, COALESCE(survivor.id, lead.id)
FROM unnest(%s::text[], %s::text[]) AS given(kind, key)
JOIN identity ON identity.kind = given.kind AND identity.key = given.key
JOIN lead ON lead.id = identity.lead_id
LEFT JOIN lead AS survivor ON survivor.id = lead.merged_into_id
"""


def resolve(keys: Iterable[Key]) -> dict[Key, UUID]:
    """The lead of each key that is known, in one query; a lead merged away answers with its survivor.

    Merges are kept one step deep (`leads.doubles.merging`), so one look at `merged_into` is enough.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    found = prepared_rows(_RESOLVE, [[k.kind for k in wanted], [k.key for k in wanted]])
    return {Key(kind, key): lead for kind, key, lead in found}


_CLAIM = """
INSERT INTO identity (kind, key, lead_id, created_at, import_run_id)
SELECT kind, key, lead_id, %s::timestamptz, CASE WHEN lead_id = ANY(%s::uuid[]) THEN %s::uuid END
FROM unnest(%s::text[], %s::text[], %s::uuid[]) AS given(kind, key, lead_id)
ORDER BY kind, key
ON CONFLICT (kind, key) DO NOTHING
RETURNING kind, key
"""


def claim(owners: Mapping[Key, UUID], *, by_import: UUID | None = None, here: Collection[UUID] = ()) -> set[Key]:
    """Claim keys for leads (which may be inserted later in the same transaction); return those that were still free.

    What an import adds to leads that were `here` before it bears its id, so that it can be taken back.
    """
    if not owners:
        return set()
    ordered = sorted(owners)
    kinds, keys, leads = zip(*((k.kind, k.key, owners[k]) for k in ordered), strict=True)
    given = [clock.now(), list(here), by_import, list(kinds), list(keys), list(leads)]
    return {Key(kind, key) for kind, key in prepared_rows(_CLAIM, given)}


def release(keys: Collection[Key], lead_id: UUID) -> None:
    """Give claimed keys of one lead back: the rest of its row belongs to somebody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM identity USING unnest(%s::text[], %s::text[]) AS given(kind, key)"
            " WHERE identity.kind = given.kind AND identity.key = given.key AND lead_id = %s",
            [[k.kind for k in keys], [k.key for k in keys], lead_id],
        )


def keep_phone(lead: Lead, former: Mapping[str, str]) -> None:
    """Somebody has corrected a record: it is known by the number and name that it has now, unless another is, and no
    more by the `former` ones (of what was changed). By other telephones it stays known, with the name of now."""
    names = ("phone", "name", "company")
    now = phone(*(getattr(lead, name) for name in names))
    was = phone(*(former.get(name, getattr(lead, name)) for name in names))
    if any(former.get(name, getattr(lead, name)) != getattr(lead, name) for name in ("name", "company")):
        _rename_phones(lead, {key for key in (was, now) if key})
    if was == now:
        return
    if was:
        release([was], lead.pk)
    if now:
        claim({now: lead.pk})


def part_with_phone(number: str, lead_ids: Collection[UUID]) -> list[str]:
    """These records of one person are known by a telephone no more; the keys that they had by it."""
    held = Identity.objects.filter(lead__in=lead_ids, kind=IdentityKind.PHONE, key__startswith=f"{number} ")
    keys = sorted(held.values_list("key", flat=True))
    held.delete()
    return keys


_RENAME = """
INSERT INTO identity (kind, key, lead_id, created_at, import_run_id)
SELECT identity.kind, given.now, identity.lead_id, identity.created_at, identity.import_run_id
FROM unnest(%s::text[], %s::text[]) AS given(was, now)
JOIN identity ON identity.kind = 'phone' AND identity.key = given.was AND identity.lead_id = %s
ORDER BY given.now
ON CONFLICT (kind, key) DO NOTHING
RETURNING key
"""


def _rename_phones(lead: Lead, besides: Collection[Key]) -> None:
    """The lead's other telephones are known with its name of now; one that cannot be so stays with the name it had."""
    held = Identity.objects.filter(lead=lead, kind=IdentityKind.PHONE).values_list("key", flat=True)
    wanted = {
        was: now.key
        for was in held
        if Key(IdentityKind.PHONE, was) not in besides
        and (now := phone(number_of(was), lead.name, lead.company))
        and now.key != was
    }
    if not wanted:
        return
    kept = {key for (key,) in prepared_rows(_RENAME, [list(wanted), list(wanted.values()), lead.pk])}
    release([Key(IdentityKind.PHONE, was) for was, now in wanted.items() if now in kept], lead.pk)


def group(rows: Sequence[Collection[Key]]) -> list[int]:
    """For each row of keys the index of the first row of the same person within the batch (rows that share a key)."""
    first_of: dict[Key, int] = {}
    leader = list(range(len(rows)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for index, keys in enumerate(rows):
        for key in keys:
            other = find(first_of.setdefault(key, index))
            here = find(index)
            if other != here:
                leader[max(other, here)] = min(other, here)
    return [find(index) for index in range(len(rows))]
