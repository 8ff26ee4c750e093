"""Ids of two systems, or of two lists that both count from one: a row's id may be somebody else's here.

Who is called otherwise, differs in something else besides and agrees in nothing is somebody else. Not who differs less:
people marry, move and get other addresses, and then the id is what knows them.
"""

from collections.abc import Sequence

from ripeline.capture.rows import Row
from ripeline.leads import identity, rules
from ripeline.leads.models import Lead


def leave_out(rows: Sequence[Row], label: str) -> None:
    """Take ids that are somebody else's here off these rows of leads; kept under their heading, and remarked on."""
    ids = {row.row: key for row in rows if (key := identity.external(row.text("external_id")))}
    mailboxes = {row.row: key for row in rows if (key := identity.email(row.text("email")))}
    known = identity.resolve([*ids.values(), *mailboxes.values()])
    people = Lead.objects.only("name", "email", "phone", "company").in_bulk(
        {known[i] for i in ids.values() if i in known}
    )
    for row in rows:
        if row.row not in ids or not (lead := people.get(known.get(ids[row.row]))):
            continue
        is_known_so = row.row in mailboxes and known.get(mailboxes[row.row]) == lead.pk
        if not is_known_so and _is_another(row, lead):
            said = row.custom[label] = row.text("external_id")
            del row.values["external_id"]
            row.remarks.append(
                f"{label}: “{said[:40]}” is the id of {lead} here, who is somebody else, and was left out"
            )


def _is_another(row: Row, lead: Lead) -> bool:
    ours, theirs = set(rules.name_words(row.text("name"))), set(rules.name_words(lead.name))
    if not (ours and theirs) or ours & theirs:
        return False
    both = [(row.text(name), getattr(lead, name)) for name in ("email", "phone", "company")]
    email, phone, company = both
    at = [rules.domain_of(address) for address in email]
    agrees = bool(at[0] and at[0] == at[1]) or bool(phone[0] and phone[0] == phone[1])
    agrees = agrees or bool(company[0] and rules.account_key(company[0]) == rules.account_key(company[1]))
    return not agrees and any(one and other for one, other in both)
