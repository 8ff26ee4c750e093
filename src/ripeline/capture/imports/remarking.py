"""What is to be looked at after an import, in words: row by row, and summed up."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from ripeline.capture.models import ImportKind, Remark

STANDING = (Remark.OPEN, Remark.ENDED, Remark.HELD)  # about where somebody stands otherwise there


class Told(NamedTuple):
    """A remark on where somebody stands: of whom, why they ended there (the code of a close reason), and its words.

    Of remarks from before leads were kept with them nobody knows whom.
    """

    lead_id: UUID | None
    reason: str
    words: str


def about(lead_id: UUID, words: str, reason: str = "") -> str:
    """Such a remark as it is kept."""
    return f"{lead_id} {reason or '-'} {words}"


def told(text: str) -> Told:
    """The same, read."""
    lead_id, _, rest = text.partition(" ")
    reason, _, words = rest.partition(" ")
    try:
        return Told(UUID(lead_id), reason.removeprefix("-"), words)
    except ValueError:
        return Told(None, "", text)


def sentence(about: str, text: str) -> str:
    """Of one row."""
    match about:
        case Remark.OWNER:
            return f"The owner “{text}” is not here"
        case Remark.COMPANY:
            return f"Names nobody who is here; of “{text}” who has its deal keeps it, else it went to who came first"
        case Remark.PERSON:
            return f"Names its person by name alone; it went to the one who is called “{text}”"
        case Remark.KEPT_OPEN:
            return f"{text}; the lead stays open, because of what came after"
        case Remark.AGAIN:
            row, _, names = text.partition(": ")
            return f"Row {row} is the same person and says something else, which stays: {names}"
        case Remark.BY_HAND:
            return f"Somebody corrected this here, and it stays: {text}"
        case Remark.OWNS:
            there, _, here = text.split(" ", 2)[-1].partition(": ")
            return f"Names {there} as the owner; here it is with {here}, and stays so"
        case Remark.MOVED:
            return "Its deal was with somebody else here, and is with whom the row names now"
        case Remark.NEXT | Remark.PASSED | Remark.DECIDED | Remark.NO_NEXT:
            return _DATES[Remark(about)].format(day=_day(text))
    return _of_where_it_stands(about, text)


_DATES = {
    Remark.NEXT: "Is looked at again on {day}, as was chosen there",
    Remark.PASSED: "Was to be looked at again on {day}, which has passed: it is due now",
    Remark.DECIDED: "Was to be looked at again on {day}; another day was chosen here, which stays",
    Remark.NO_NEXT: "Was to be looked at again on {day}, and is closed here: nobody is reminded",
}


def _day(text: str) -> str:
    found = date.fromisoformat(text)
    return f"{found.day} {found:%B %Y}"


def _of_where_it_stands(about: str, text: str) -> str:
    match about:
        case Remark.BACK:
            return "Was closed here, and came to us again since: taken up again"
        case Remark.ENDED:
            there, _, here = told(text).words.partition(": ")
            return f"Says {there.lower()}; here it is {here}, and stays so: note the outcome on the record"
        case Remark.NEW_DEAL:
            return "Its lead had ended here before this deal was opened, and was taken up again"
        case Remark.OPEN:
            there, _, here = told(text).words.partition(": ")
            return f"Says {there.lower()}; here it is {here}, and stays so: take the lead up again if that is so"
        case Remark.HELD:
            said, name, who, day = held(text)
            return f"Says {said.lower()}, as before; {who} took {name} back to work on {day}, and the lead stays open"
        case Remark.CLOSED:
            return f"Was open here, and was closed as {text}, as the file says"
        case Remark.DATED:
            return f"Does not say since when it ended there: it counts from {day_of(text)}"
        case Remark.UNOWNED:
            word = split(text)[1]
            said = f" (“{word}”)" if word else ""
            return f"Was in hand there{said}, but has no owner here: it went to Qualify as new"
    return text


def held(text: str) -> tuple[str, str, str, str]:
    """Of a remark on who was left open: how it ended there, whom it is about, and who took them back to work, when."""
    rest, _, day = told(text).words.rpartition(": ")
    rest, _, who = rest.rpartition(": ")
    said, _, name = rest.partition(": ")
    return said, name, who, day


def split(text: str) -> tuple[str, str]:
    """Of a remark on who was in hand there: the own field that keeps the file's word, and the word."""
    name, _, word = text.partition(": ")
    return name, word


def day_of(label: str) -> str:
    """From when somebody counts, in words."""
    return f"“{label}”" if label else "the day of this import"


SUMMED = {  # of one row, and of several
    Remark.OWNER: (
        "names an owner who is not here: {owners}. It went in and was handed out by the rules.",
        "name an owner who is not here: {owners}. They went in and were handed out by the rules.",
    ),
    Remark.OWNS: (
        "names another owner than its lead has here, row {first}. The lead stays with who has it.",
        "name other owners than their leads have here; the first is row {first}. The leads stay with who has them.",
    ),
    Remark.ENDED: (
        "says won, lost or disqualified of somebody who stands otherwise here: look at row {first}. The lead stays as "
        "it is: note the outcome on its record, or import the row as an outcome with its day.",
        "say won, lost or disqualified of people who stand otherwise here; the first is row {first}. The leads stay as "
        "they are: note the outcome on each record, or import the rows as outcomes with their days.",
    ),
    Remark.HELD: (
        "says of a lead that somebody took back to work what it said before that: look at row {first}. The lead stays "
        "open until the file says something else.",
        "say of leads that somebody took back to work what they said before that; the first is row {first}. Those stay "
        "open until the file says something else.",
    ),
    Remark.UNOWNED: (
        "was in hand there{words}, but has no owner here, row {first}: it went to Qualify as new.",
        "were in hand there{words}, but have no owner here; the first is row {first}. They went to Qualify as new.",
    ),
    Remark.DATED: (
        "of who is closed now does not say since when it ended there. It counts from {words}.",
        "of who is closed now do not say since when they ended there. They count from {words}.",
    ),
    Remark.NEW_DEAL: (
        "is a deal that was opened after its lead had ended here, row {first}: they are taken up again.",
        "are deals that were opened after their leads had ended here; the first is row {first}. Those are taken up "
        "again.",
    ),
    Remark.OPEN: (
        "says of somebody who ended here that they are open: look at row {first}. The lead stays as it is: take it up "
        "again on its record if that is so.",
        "say of people who ended here that they are open; the first is row {first}. The leads stay as they are: take "
        "them up again on their records if that is so.",
    ),
    Remark.EARLY: (
        "was won before its lead came to us, as far as is known. It is kept, and left out of what is learnt.",
        "were won before their leads came to us, as far as is known. They are kept, and left out of what is learnt.",
    ),
    Remark.KEPT_OPEN: (
        "is about a lead that was worked on, or came to us again, since. It stays open; the deal is on its record.",
        "are about leads that were worked on, or came to us again, since. Those stay open; the deals are on record.",
    ),
    Remark.BACK: (
        "is of somebody closed here who came to us again since, row {first}. Their lead was taken up again.",
        "are of people closed here who came to us again since; the first is row {first}. Their leads were taken up "
        "again.",
    ),
    Remark.NEXT: (
        "says when somebody wanted to look at its lead again: that is its next date here.",
        "say when somebody wanted to look at their leads again: those are their next dates here.",
    ),
    Remark.PASSED: (
        "has such a day that has passed, row {first}: its lead is due, and says since when.",
        "have such a day that has passed, the first is row {first}: their leads are due, the likeliest first, and say "
        "since when.",
    ),
    Remark.DECIDED: (
        "has another such day than was chosen here, row {first}. What was chosen here stays.",
        "have other such days than were chosen here, the first is row {first}. What was chosen here stays.",
    ),
    Remark.NO_NEXT: (
        "has such a day for somebody who is closed here, row {first}: nobody is reminded.",
        "have such days for people who are closed here, the first is row {first}: nobody is reminded.",
    ),
    Remark.BY_HAND: (
        "says otherwise than somebody corrected here. The correction stays; look at row {first}.",
        "say otherwise than somebody corrected here. The corrections stay; the first is row {first}.",
    ),
    Remark.AMOUNT: (
        "says another amount than is here for its deal. Nothing was changed; look at row {first}.",
        "say other amounts than are here for their deals. Nothing was changed; the first is row {first}.",
    ),
    Remark.COMPANY: (
        "names nobody who is here, but a company, row {first}. Its deal is with who has it there already, else with "
        "who came to us first from there.",
        "name nobody who is here, but a company, the first is row {first}. Their deals are with who has them there "
        "already, else with who came to us first from there.",
    ),
    Remark.MOVED: (
        "names another person for its deal than before, row {first}. The deal is with that person now.",
        "name other people for their deals than before; the first is row {first}. The deals are with those now.",
    ),
    Remark.PERSON: (
        "names its person by name alone, row {first}. It went to the one here who is called so.",
        "name their people by name alone, the first is row {first}. Each went to the one here who is called so.",
    ),
    Remark.NAME: (
        "has the address or id of an earlier row, but another name: look at row {first}. The first name stays; what "
        "was missing was added.",
        "have the address or id of an earlier row, but another name: the first is row {first}. The first names stay; "
        "what was missing was added.",
    ),
    Remark.AGAIN: (
        "is in several rows that say different things: look at row {first}. What the file says first stays; what was "
        "missing was added.",
        "are each in several rows that say different things; the first is row {first}. What the file says first stays; "
        "what was missing was added.",
    ),
    Remark.CELL: (
        "has a cell that was mended or not understood, row {first}. What it says is kept among the custom fields.",
        "have cells that were mended or not understood, the first is row {first}. What they say is kept among the "
        "custom fields.",
    ),
}
_OWNER_OF_COMPANY = (  # whom no rule hands out
    "names an owner who is not here: {owners}. It went in without one.",
    "name an owner who is not here: {owners}. They went in without one.",
)
_WOULD = (  # of a file that was only tried: nothing of it is here
    ("went in and was handed", "would be handed"),
    ("went in and were handed", "would be handed"),
    ("went", "would go"),
    ("was taken up", "would be taken up"),
    ("were taken up", "would be taken up"),
    ("what was missing was added", "what is missing would be added"),
    ("Nothing was changed", "Nothing would be changed"),
)


def summed(about: str, kind: str, *, is_one: bool, is_tried: bool) -> str:
    """Of one row or several of a file that went in, or that was only tried; to be filled in."""
    is_firm = about == Remark.OWNER and kind == ImportKind.COMPANIES
    one, many = _OWNER_OF_COMPANY if is_firm else SUMMED[Remark(about)]
    text = one if is_one else many
    for did, would in _WOULD if is_tried else ():
        text = text.replace(did, would)
    return text
