"""Values out of cells: e-mail addresses, phone numbers, names, sites, money, yes and no.

Each function takes a cleaned text that is not empty, and gives the value, with a remark where a person should look,
or raises BadValueError, whose message says what is wrong and what to write instead.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from ripeline.base import addresses
from ripeline.capture.cells.codes import currency as currency_code
from ripeline.capture.cells.text import BadValueError, key, words

T = TypeVar("T")
MOST_MONEY = Decimal(10) ** 12  # less than this fits the database
_ROUNDED = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)  # how a spreadsheet shows a long number
_AS_FRACTION = re.compile(r"(\+?\d{3,})\.0{1,2}")  # how programs write a column of numbers with gaps
_BETWEEN = re.compile(r"\s*(?:[;|\n]|\s(?:or|oder|ou|und|and)\s)\s*")  # telephone numbers
_WITHIN = re.compile(r"\s*(?:,|\s/\s)\s*")  # between them, or within one: 02151 / 123456
_OWN_START = re.compile(r"[^\d+]*[+0]")  # of a number that is dialled without another before it
_LOCAL = re.compile(r"[a-z0-9_!#$%&'*+/=?^`{|}~-]+(?:\.[a-z0-9_!#$%&'*+/=?^`{|}~-]+)*")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z][a-z0-9-]{1,62}")
_MONEY = re.compile(
    r"(?P<minus>[-−(]?) ?(?P<before>[^\d\s,'’+-]{0,6}?) ?(?P<minus2>[-−]?)(?P<number>\d[\d.,'’ ]*)"
    r"(?:(?P<scale>k|m|mn|mio|mln|million|millions|tsd)(?![^\W\d_])\.?)? ?(?P<after>[^\d\s,'’)+-]{0,8})(?P<end>[)-]?)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:ca|circa|rd|rund|etwa|about|approx|approximately|env|environ|aprox)\b\.? ?|[~≈] ?", re.IGNORECASE
)
_THOUSANDS = re.compile(r"(?<=[\d ])T(?=€|EUR\b|CHF\b|USD\b|\$)")  # 20 T€, 20 TEUR
_PLAIN_NUMBER = re.compile(r"(?P<minus>[-−]?) ?\+?(?P<number>\d[\d.,'’ ]*)")
_DIGITS = 15  # that a number can have and be kept to the last one
_NO_CENTS = re.compile(r"[.,][-–—]{1,2}$")  # Swiss 100.–
_SCALES = {"k": 3, "tsd": 3, "m": 6, "mn": 6, "mio": 6, "mln": 6, "million": 6, "millions": 6}
_DECIMAL = {
    ",": re.compile(r"\d,(?:\d{1,2}|\d{4,})$|^0,\d|\d\.\d{3},|\.\d{3}\."),
    ".": re.compile(r"\d\.(?:\d{1,2}|\d{4,})$|^0\.\d|\d,\d{3}\.|,\d{3},"),
}
_YES = words("yes y true t 1 x ja j wahr oui o vrai si s verdadero sim verdadeiro vero tak on checked")
_UNSUBSCRIBED = frozenset(
    """unsubscribed|opted out|opt out|abgemeldet|abbestellt|ausgetragen|widerrufen|widersprochen|gesperrt
|kein newsletter|desabonne|desinscrit|dado de baja|descadastrado|cancelado|disiscritto""".replace("\n", "").split("|")
)
_SUBSCRIBED = frozenset(
    """subscribed|opted in|opt in|angemeldet|abonniert|aktiv|active|confirmed|bestatigt|no consent|pending|never
|nicht angemeldet|ausstehend|archived|abonne|inscrit|suscrito|inscrito|iscritto""".replace("\n", "").split("|")
)
_NO = words("no n false f 0 nein falsch non faux falso nao nie nee off unchecked")
_SHARED_HOSTS = words(  # where people and companies have pages: no one's own
    "linkedin.com xing.com facebook.com fb.com instagram.com twitter.com x.com youtube.com tiktok.com github.com "
    "bit.ly linktr.ee calendly.com g.page goo.gl wa.me t.me"
)
_OUTCOMES = {
    "won": "won|win|closed won|closedwon|deal won|won deal|gewonnen|gagne|ganado|ganada|ganho|ganha|vinto|wygrana|sold"
    "|verkauft|vendu|vendido|customer|kunde|client|cliente",
    "lost": "lost|loss|closed lost|closedlost|deal lost|lost deal|verloren|perdu|perdido|perdida|perso|persa|przegrana"
    "|kein interesse|nicht interessiert|kein bedarf|absage|abgesagt|no interest|not interested|no need|no budget"
    "|kein budget|too expensive|zu teuer|bought elsewhere|went elsewhere|anderweitig gekauft|anderweitig vergeben",
    "disqualified": "disqualified|unqualified|not qualified|rejected|junk|spam|duplicate|invalid|bad fit|not a fit"
    "|disqualifiziert|unqualifiziert|disqualifie|descalificado|desqualificado|squalificato",
}
_OPEN = (
    "open|new|in progress|prospecting|discovery|discovery call|demo|demo scheduled|trial|evaluation|qualification"
    "|qualified|needs analysis|value proposition|id decision makers|perception analysis|proposal"
    "|proposal price quote|negotiation|negotiation review|verbal commitment|appointment scheduled"
    "|appointmentscheduled|qualified to buy|qualifiedtobuy|presentation scheduled|presentationscheduled"
    "|decision maker bought in|decisionmakerboughtin|contract sent|contractsent|lead in|contact made|proposal made"
    "|negotiations started|offen|angebot|verhandlung|ouvert|en cours|abierto|abierta|en curso|aberto|aberta"
    "|em andamento|in verhandlung|in verhandlungen|angebot verschickt|angebot versendet|angebot gesendet"
    "|angebot erstellt|angebot abgegeben|angebot gemacht|angebotsphase|termin vereinbart|termin|erstgesprach"
    "|erstgesprach gefuhrt|erstkontakt|bedarfsanalyse|prasentation|demo vereinbart|nachfassen"
)
_OUTCOMES["open"] = _OPEN
_STATES = {
    "new": "new|open not contacted|not contacted|untouched|raw|lead|subscriber|marketing qualified lead"
    "|marketingqualifiedlead|mql|created|neu|nouveau|nuevo|novo|offen nicht kontaktiert|prospect|interessent",
    "working": "working|qualifying|working contacted|contacted|connected|attempted to contact|attempting|open"
    "|in progress|no answer|not reached|voicemail|left voicemail|callback|call back|call later|follow up|interested"
    "|in contact|nicht erreicht|keine antwort|ruckruf|wiedervorlage|interesse|interessiert|in kontakt"
    "|open deal|sales qualified lead|salesqualifiedlead|sql|sal|qualified|opportunity|converted|closed converted"
    "|in bearbeitung|kontaktiert|qualifiziert|en cours|contacte|contactado|em andamento|verkaufschance",
    "nurture": "nurture|nurturing|nurturing lead|bad timing|recycled|recycle|on hold|later|not now|warm halten|spater"
    "|zuruckgestellt|pausiert|a relancer|mas tarde|mais tarde",
    "won": "customer|evangelist|won|closed won|kunde|bestandskunde|client|cliente|gewonnen|gagne|ganado|ganho",
    "lost": "lost|closed lost|dead|no interest|not interested|verloren|kein interesse|perdu|perdido|sem interesse",
    "disqualified": "disqualified|unqualified|not qualified|closed not converted|junk|spam|duplicate|invalid|bad fit"
    "|not a fit|unqualifiziert|disqualifiziert|nicht qualifiziert|non qualifie|no calificado|nao qualificado",
}
_STATE_OF = {word: name for name, listed in _STATES.items() for word in listed.split("|")}
_ACTIVITIES = {
    "call": "call|phone call|phone|logged call|anruf|telefonat|appel|llamada|chamada|ligacao",
    "email": "email|e mail|incoming email|forwarded email|email sent|mail|correo|nachricht|list email",
    "meeting": "meeting|event|demo|lunch|visit|appointment|termin|besprechung|reunion|reuniao|besuch|rendez vous",
    "note": "note|notes|task|todo|to do|deadline|other|notiz|aufgabe|tache|nota|tarea|tarefa|sms|whats app"
    "|linkedin message"
    "|postal mail",
}
_ACTIVITY_OF = {word: name for name, listed in _ACTIVITIES.items() for word in listed.split("|")}
_OUTCOME_OF = {word: name for name, listed in _OUTCOMES.items() for word in listed.split("|")}
_DONE = words(
    "done completed complete closed finished held yes y true 1 x erledigt abgeschlossen fait termine hecho feito"
)
_NOT_DONE = frozenset(
    [*words("todo undone planned scheduled open deferred waiting no false 0 offen pendiente pendente"), "to do",
     "not done", "not started", "in progress", "waiting on someone else", "a faire"]
)  # fmt: skip
_ENDS = {"won": words("won gewonnen gagne ganado ganho"), "lost": words("lost verloren perdu perdido")}
_NOT = words("not never no non nicht nie kein pas jamais nao t")  # won't, isn't
_NOT_YET = _NOT | words("be to nearly almost noch fast ainda todavia competitor competition wettbewerber")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)\s*$")  # HubSpot writes the pipeline behind the stage
_NUMBERED = re.compile(r"\s*\d{1,2}\s*(?:[-–—.:)/]+\s*|\s)(?=[^\W\d])")  # “04 - Kunde”, “1. Neu”, “4) Won”
_NOT_OF_A_NAME = re.compile(r"[\d=@\"“”„«»()\[\]{}<>|]")
_SALUTATION = re.compile(  # not of two: Herr und Frau Müller
    r"^(?:herrn?|frau|hr\.|fr\.|mr\.?|mrs\.?|ms\.?|miss|mister|madame|monsieur|mme\.?|mlle\.?|señora?|sra?\."
    r"|signora?|sig\.(?:ra)?|dhr\.|mevr(?:\.|ouw)) +(?!(?:und|u\.|and|et|y|e|en|&|\+) )(?=\w)",
    re.IGNORECASE,
)
_NOT_FIRST_NAMES = words("jr sr phd md ii iii inc llc ltd gmbh ag co corp sa")


class Parsed(NamedTuple, Generic[T]):
    """A value, and what a person should know about how it was read."""

    value: T
    remark: str = ""


def whole(text: str) -> str:
    """A long whole number as it was before a program wrote it as a fraction: 442071838750.0."""
    found = _AS_FRACTION.fullmatch(text)
    return found[1] if found else text


def external_id(text: str) -> Parsed[str]:
    """An id as it stands; refused if a spreadsheet has rounded it, because different people would become one."""
    if _ROUNDED.fullmatch(text):
        raise BadValueError(f"“{text}” was rounded by a spreadsheet: make the column text there and save again")
    return Parsed(whole(text))


def email(text: str) -> Parsed[str]:
    """The first address in `text`, its domain in lower case; never looked up in the network."""
    found = addresses.IN_CELL.findall(text[:1000].removeprefix("mailto:"))
    address = found[0].strip(".'’‘`") if found else text[:300]
    try:
        value = _address(address)
    except EmailNotValidError as problem:
        raise BadValueError(f"“{text[:80]}” is not an e-mail address: {_clause(str(problem))}") from None
    count = len(set(found))
    remark = f"has {count} addresses, maybe of {count} people: the first was taken, all are kept"
    return Parsed(value, remark if count > 1 else "")


def _address(address: str) -> str:
    """The address in its normal form; of plain ones only the domain is checked, once for all who share it."""
    local, _, host = address.rpartition("@")
    is_plain = len(local) <= 64 and _LOCAL.fullmatch(local)
    if is_plain and len(address) <= 200:
        return f"{local}@{_domain_of(host)}"
    return validate_email(address, check_deliverability=False, test_environment=True).normalized


@lru_cache(maxsize=10_000)
def _domain_of(host: str) -> str:
    return validate_email(f"a@{host}", check_deliverability=False, test_environment=True).domain


def _clause(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def phone(text: str, *, country: str = "", home: str = "") -> Parsed[str]:
    """The number in E.164, or as it stands where it cannot be. One without a country code is of `country`, their own;
    else of that of another number in the text; else of `home`, that of whoever reads it.
    """
    text = whole(text)
    if _ROUNDED.fullmatch(text):
        raise BadValueError(f"“{text}” was rounded by a spreadsheet: make the column text there and save again")
    if sum(map(str.isdigit, text)) < 4:
        raise BadValueError(f"“{text[:40]}” is not a phone number")
    several = _several(text, country, home)
    if len(several) > 1:
        found = phone(several[0], country=reading_country(country, several[1:], home))
        return Parsed(found.value, found.remark or f"has {len(several)} numbers, the first was taken")
    text = several[0] if several else text
    country, text = country or home, " ".join(text.split())
    try:
        number = phonenumbers.parse(f"+{text[2:100]}" if text.startswith("00") else text[:100], country or None)
    except phonenumbers.NumberParseException:
        return _unreadable(text, country)
    if not phonenumbers.is_possible_number(number):
        return Parsed(text[:40], f"“{text[:40]}” has too few or too many digits and is kept as it is")
    if country and not text.startswith(("+", "00")) and not phonenumbers.is_valid_number(number):
        return Parsed(text[:40], f"“{text[:40]}” is no number of {country} and is kept as it is: write +, the country "
                                 "code and the number, or say which country")  # fmt: skip
    remark = f"extension {number.extension} was left out" if number.extension else ""
    return Parsed(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), remark)


def _unreadable(text: str, country: str) -> Parsed[str]:
    """What no one number is: of several the first that can be dialled; else as it stands, and why."""
    parts = [part.strip() for piece in _BETWEEN.split(text[:300]) for part in _WITHIN.split(piece)]
    numbers = [part for part in parts if sum(map(str.isdigit, part)) >= 6]
    if len(numbers) > 1 and (first := next((each for each in numbers if _is_valid(each, country)), "")):
        return Parsed(phone(first, country=country).value, f"of “{text[:40]}” the first that is a number was taken")
    if country:
        return Parsed(text[:40], f"“{text[:40]}” is no number of {country} and is kept as it is")
    how = "write +, the country code and the number, or say which country"
    return Parsed(text[:40], f"“{text[:40]}” is kept as it is, no country code is known: {how}")


def other_phones(text: str, *, country: str = "", home: str = "") -> list[str]:
    """The numbers after the first in `text`, in E.164; those that cannot be dialled from anywhere are left out."""
    several = _several(text, country, home)
    found = []
    for number in several[1:]:
        beside = (other for other in several if other != number)
        try:
            found.append(phone(number, country=reading_country(country, beside, home)).value)
        except BadValueError:
            continue
    return [number for number in found if number.startswith("+")]


def _several(text: str, country: str, home: str) -> list[str]:
    """The numbers in `text`, where each that it seems to have is one; else none, and it is read whole."""
    pieces = _BETWEEN.split(text[:300])
    theirs = reading_country(country, (part.strip() for piece in pieces for part in _WITHIN.split(piece)), home)
    parts = [part for piece in pieces for part in _divided(piece.strip(), theirs)]
    numbers = [part for part in parts if any(map(str.isdigit, part))]
    return numbers if all(_is_valid(number, theirs) for number in numbers) else []


def _divided(text: str, country: str) -> list[str]:
    """Numbers with a comma or a slash between them; `text` as it is where that stands within one, as after the area
    code: then the parts are no numbers by themselves, or the whole is one and they have no + or 0 of their own.
    """
    parts = [part.strip() for part in _WITHIN.split(text)]
    numbers = [part for part in parts if any(map(str.isdigit, part))]
    are_numbers = all(_is_valid(number, country) for number in numbers)
    stand_alone = all(map(_OWN_START.match, numbers[1:]))
    return numbers if are_numbers and (stand_alone or not _is_valid(text, country)) else [text]


def _is_valid(text: str, country: str) -> bool:
    text = whole(text).strip()
    try:
        number = phonenumbers.parse(f"+{text[2:100]}" if text.startswith("00") else text[:100], country or None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def reading_country(own: str, beside: Iterable[str], home: str) -> str:
    """The country by which somebody's number without a country code is read: their own, else that of a number `beside`
    it that says one, else the `home` of whoever reads it. Every door asks here.
    """
    return own or next(filter(None, map(country_said, beside)), "") or home


def country_said(number: str) -> str:
    """The country that a number names itself by its code; "" where it names none."""
    text = whole(number).strip()
    text = f"+{text[2:]}" if text.startswith("00") else text
    if not text.startswith("+"):
        return ""
    try:
        parsed = phonenumbers.parse(text[:100])
    except phonenumbers.NumberParseException:
        return ""
    known = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return known if known in phonenumbers.SUPPORTED_REGIONS else ""


def person_name(text: str) -> Parsed[str]:
    """A name as people write it: "Meier, Alice" is turned round; capitals stay as they are. "Herr", "Mrs." are no part
    of it.
    """
    text = _SALUTATION.sub("", text)
    last, comma, first = text.partition(",")
    turns = (
        comma and not _NOT_OF_A_NAME.search(text) and last.strip() and len(first.split()) in (1, 2) and "," not in first
    )
    if not turns or first.strip(" .").lower() in _NOT_FIRST_NAMES:
        return Parsed(text)
    return Parsed(f"{_SALUTATION.sub('', first.strip())} {last.strip()}")


def domain(text: str) -> Parsed[str]:
    """The host of a site, or of an e-mail address, without "www."; international names in their ASCII form."""
    host = re.split(r"[/?#\\]", text.lower().rpartition("://")[2], maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    host = host.strip(".").removeprefix("www.")
    try:
        host = host[:254]
        ascii_host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        ascii_host = ""
    if len(ascii_host) > 190 or not _HOST.fullmatch(ascii_host):
        raise BadValueError(f"“{text[:80]}” is not a web site: write it like acme.com")
    if ascii_host in _SHARED_HOSTS or ascii_host.partition(".")[2] in _SHARED_HOSTS:
        raise BadValueError(f"“{text[:80]}” is a page at {ascii_host}, not a company’s own site")
    return Parsed(ascii_host)


def is_money(text: str) -> bool:
    """Whether `text` is written like an amount."""
    return len(text) <= 60 and _MONEY.fullmatch(_bare(text.strip())) is not None


class Money(NamedTuple):
    """An amount, and the currency code if the text had one."""

    amount: Decimal
    currency: str


def money(text: str, *, decimal_comma: bool | None = None, usual: str = "") -> Parsed[Money]:
    """An amount of money, to the cent. `usual` is the currency that a sign of several, like $, most likely is."""
    found = _MONEY.fullmatch(_bare(text))
    if not found:
        raise BadValueError(f"“{text[:40]}” is not an amount: write it like {_example(decimal_comma)}")
    if found["minus"] or found["minus2"] or found["end"] == "-":
        raise BadValueError(f"“{text[:40]}” is negative: an amount is 0 or more")
    sign = found["before"] or found["after"].rstrip(".") or ""
    amount = _number(found["number"].strip(), decimal_comma).scaleb(_SCALES.get((found["scale"] or "").lower(), 0))
    if amount >= MOST_MONEY:
        raise BadValueError(f"“{text[:40]}” is too large: is it an amount?")
    code = currency_code(sign, usual=usual) if sign else ""
    return Parsed(Money(amount.quantize(Decimal("0.01"), ROUND_HALF_UP), code))


def _bare(text: str) -> str:
    """An amount without what says that it is rounded; "20 T€" as "20 k €"."""
    bare = _NO_CENTS.sub("", text[:60].replace("\u00a0", " ").replace("\u202f", " "))
    about = _ABOUT.match(bare)
    thousands = _THOUSANDS.sub("k ", bare[about.end() :] if about else bare)
    return thousands.replace(" k ", "k ")


def number(text: str, *, decimal_comma: bool | None = None) -> Decimal:
    """A number and nothing beside it; BadValueError if it is none, could be two, or is longer than one can be kept."""
    found = _PLAIN_NUMBER.fullmatch(text.strip().replace("\u00a0", " ").replace("\u202f", " "))
    if not found or sum(map(str.isdigit, text)) > _DIGITS:
        raise BadValueError(f"“{text[:40]}” is not a number: write it like {_example(decimal_comma)}")
    digits = found["number"]
    is_marked = "." in digits or "," in digits
    if decimal_comma is None and is_marked and decimal_comma_of([digits])[0] is None:
        raise BadValueError(f"“{text[:40]}” could be two numbers: write it like 1234.56")
    amount = _number(digits, decimal_comma)
    return -amount if found["minus"] else amount


def _example(decimal_comma: bool | None) -> str:
    return "1234,56" if decimal_comma else "1234.56"


def _number(digits: str, decimal_comma: bool | None) -> Decimal:
    """1.234,56 or 1,234.56 or 1 234.56: the cells of a column say which, or else the number itself."""
    plain = re.sub(r"['’ ]", "", digits).rstrip(".,")
    if decimal_comma is None:
        decimal_comma = decimal_comma_of([plain])[0]
    point = {True: ",", False: ".", None: ""}[decimal_comma]
    group = {True: ".", False: ",", None: ",." if "." not in plain or "," not in plain else ""}[decimal_comma]
    whole, _, cents = plain.partition(point) if point else (plain, "", "")
    groups = re.split(f"[{re.escape(group)}]", whole) if group else [whole]
    regular = len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(part) == 3 for part in groups[1:]))
    if not regular or not (cents or "0").isdigit() or not "".join(groups).isdigit():
        kind = {True: "a decimal comma", False: "a decimal point", None: "a decimal mark"}[decimal_comma]
        raise BadValueError(f"“{digits[:40]}” is not a number with {kind}: write it like {_example(decimal_comma)}")
    return Decimal(f"{''.join(groups)}.{cents or 0}")


def decimal_comma_of(cells: Iterable[str]) -> tuple[bool | None, str]:
    """Whether a column's numbers have a decimal comma, and the cell that says so; None if they do not tell."""
    examples: dict[str, str] = {}
    counts = {",": 0, ".": 0}
    for cell in cells:
        digits = re.sub(r"[^\d.,]", "", cell).strip(".,")
        for mark, pattern in _DECIMAL.items():
            if pattern.search(digits):
                counts[mark] += 1
                examples.setdefault(mark, cell.strip())
    if counts[","] == counts["."]:
        return None, ""
    mark = "," if counts[","] > counts["."] else "."
    return mark == ",", examples[mark]


def is_yes_or_no(text: str) -> bool:
    """Whether `text` says yes or no, in whatever way."""
    return key(text) in _YES | _NO


def yes_or_no(text: str) -> Parsed[bool]:
    """Yes or no, in the words and marks of several languages."""
    word = key(text)
    if word not in _YES | _NO:
        raise BadValueError(f"“{text[:40]}” is neither yes nor no")
    return Parsed(word in _YES)


def yes_no(text: str) -> Parsed[str]:
    """The same as a word: "yes" or "no"."""
    return Parsed("yes" if yes_or_no(text).value else "no")


def is_subscription(text: str) -> bool:
    """Whether `text` says that somebody gets mail or has unsubscribed, rather than yes or no to some question."""
    return key(text) in _UNSUBSCRIBED | _SUBSCRIBED


def is_unsubscribed(text: str) -> bool:
    """Whether `text` says that somebody wants no mail any more."""
    return key(text) in _UNSUBSCRIBED


def opt_out(text: str) -> Parsed[str]:
    """Whether somebody wants no mail, "yes" or "no", be it by the state of a subscription."""
    if is_subscription(text):
        return Parsed("yes" if is_unsubscribed(text) else "no")
    return yes_no(text)


def _stage(text: str) -> str:
    """A stage as `text.key` has it, without the number by which it is sorted and what stands in brackets behind it."""
    said = text[found.end() :] if (found := _NUMBERED.match(text)) else text
    return key(_IN_BRACKETS.sub("", said)) or key(said)


def outcome(text: str) -> Parsed[str]:
    """How it ended: won, lost or disqualified, in the words that CRMs and people use; a plain yes is won."""
    word = _stage(text)
    found = _OUTCOME_OF.get(word) or ("won" if word in _YES else "") or _ended(word.split())
    if not found:
        raise BadValueError(f"“{text[:40]}” is not an outcome: write won, lost, disqualified or open")
    return Parsed(found)


def _ended(said: Sequence[str]) -> str:
    """A stage of their own words that says how it ended, such as "5. Closed Won" or "Lost to a competitor"."""
    ends = [name for name, marks in _ENDS.items() if marks & set(said)]
    if len(ends) != 1:
        return ""
    is_denied = any(word in _NOT and after in _ENDS["lost"] for word, after in pairwise(said))
    return "" if is_denied or (ends[0] == "won" and _NOT_YET & set(said)) else ends[0]


def done(text: str) -> Parsed[str]:
    """Whether an activity was done: "yes" or "no"."""
    word = key(text)
    if word not in _DONE | _NOT_DONE:
        raise BadValueError(f"“{text[:40]}” does not say whether it is done")
    return Parsed("yes" if word in _DONE else "no")


def state(text: str) -> Parsed[str]:
    """Where a lead stands, in the words of other systems: new, working, nurture, won, lost or disqualified."""
    word = _stage(text)
    found = _STATE_OF.get(word) or _OUTCOME_OF.get(word) or _ended(word.split())
    found = "working" if found == "open" else found
    if not found:
        raise BadValueError(f"“{text[:40]}” is none of our states: say which it is")
    return Parsed(found)


def activity(text: str) -> Parsed[str]:
    """What an activity was: call, email, meeting or note."""
    return Parsed(_ACTIVITY_OF.get(key(text), "note"))


def owner(text: str) -> Parsed[str]:
    """Whom a file calls the owner: by e-mail address, if there is one in it, else as it stands."""
    found = addresses.IN_CELL.search(text[:300])
    return Parsed(found[0].lower() if found else text[:254])
