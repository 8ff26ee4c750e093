"""Ids of two lists that both count from one: a row's id may be somebody else's, here or in the same file.

Who is called otherwise, differs in something else besides and agrees in nothing is somebody else. Not who differs less:
people marry, move and get other addresses, and then the id is what knows them. A short number of no named system says
less than that, as it may only count the rows: by it alone nobody is known who differs in anything and agrees in nothing
of their own, be they of one company.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from ripeline.base.addresses import mailbox_key
from ripeline.capture.columns.row import Row
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import Lead
from ripeline.leads.words import systems
from ripeline.leads.words.keys import account_key, domain_of
from ripeline.leads.words.names import name_words

LEFT_OUT = "who is somebody else, and was left out"  # so a remark ends, by which an import that goes on knows the row


class _Somebody(NamedTuple):
    """Who has an id: what is known of them, and how they are pointed at."""

    name: str
    email: str
    phone: str
    company: str
    where: str
    lead_id: UUID | None = None


def leave_out(rows: Sequence[Row], label: str) -> None:
    """Take ids that are somebody else's off these rows of leads; kept under their heading, and remarked on."""
    ids = {row.row: key for row in rows if (key := identity.external(row.text("external_id"), row.system))}
    mailboxes = {row.row: key for row in rows if (key := identity.email(row.text("email")))}
    known = identity.resolve([*ids.values(), *mailboxes.values()])
    whose: dict[Key, _Somebody] = {}
    people = Lead.objects.only("name", "email", "phone", "company").in_bulk(
        {known[i] for i in ids.values() if i in known}
    )
    for key in ids.values():
        if lead := people.get(known.get(key)):
            whose[key] = _Somebody(lead.name, lead.email, lead.phone, lead.company, f"{lead} here", lead.pk)
    for row in rows:
        if row.row not in ids:
            continue
        has_it = whose.setdefault(ids[row.row], _of(row))
        by_mail = known.get(mailboxes[row.row]) if row.row in mailboxes else None
        is_known_so = by_mail is not None and by_mail == has_it.lead_id
        if not is_known_so and _is_another(row, has_it):
            said = take_off(row, label)
            row.remarks.append(f"{label}: “{said[:40]}” is the id of {has_it.where}, {LEFT_OUT}")


def take_off(row: Row, label: str) -> str:
    """Keep a row's id under its heading alone; the id."""
    said = row.custom[label] = row.text("external_id")
    del row.values["external_id"]
    return said


def _of(row: Row) -> _Somebody:
    called = f"{row.text('name') or row.text('email') or 'somebody'} in row {row.row}"
    return _Somebody(row.text("name"), row.text("email"), row.text("phone"), row.text("company"), called)


def _is_another(row: Row, other: _Somebody) -> bool:
    ours, theirs = set(name_words(row.text("name"))), set(name_words(other.name))
    both = [(row.text(name), getattr(other, name)) for name in ("email", "phone", "company")]
    email, phone, company = both
    agrees = bool(phone[0] and phone[0] == phone[1])
    differs = any(one and their and one != their for one, their in both)
    if systems.says_little(row.text("external_id"), row.system):
        keys = [mailbox_key(address) for address in email]
        agrees = agrees or bool(keys[0] and keys[0] == keys[1]) or bool(ours and theirs and is_one_name(ours, theirs))
        return not agrees and (differs or bool(ours and theirs))
    if not (ours and theirs) or ours & theirs:
        return False
    at = [domain_of(address) for address in email]
    agrees = agrees or bool(at[0] and at[0] == at[1])
    agrees = agrees or bool(company[0] and account_key(company[0]) == account_key(company[1]))
    return not agrees and any(one and their for one, their in both)


def is_one_name(ours: set[str], theirs: set[str]) -> bool:
    """Whether each word of the shorter name is one of the longer, or its beginning: Ann, Anna Berg."""
    fewer, more = sorted((ours, theirs), key=len)
    return all(any(each.startswith(word) or word.startswith(each) for each in more) for word in fewer)
