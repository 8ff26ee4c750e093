"""Who stands at the end of an e-mail: name, title, company, numbers, address, as far as they can be told apart.

Addresses and numbers are recognised by their form. The rest is guessed from its words and its place, is said to be
guessed, and is looked over by whoever pasted it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import phonenumbers

from ripeline.base.addresses import IN_TEXT
from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.cells import codes, values
from ripeline.capture.cells.text import BadValueError, clean, clean_lines
from ripeline.leads.words.plain import unaccented

LONGEST = 10_000  # characters; more is a whole conversation
_LINES = 40  # of a signature; it stands at the end

_SITE = re.compile(r"(?:https?://|\bwww\.)[^\s|<>,;]+", re.IGNORECASE)
_FAX = re.compile(r"\b(?:fax|telefax|f)\b\s*[.:]?\s*$", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[|•·‖]\s*|\s{3,}|\t|\s+[–—-]\s+")
_AT = re.compile(r"\s+(?:at|@|bei|chez|na|en)\s+(?=[A-ZÀ-Þ])")
_LEGAL = re.compile(
    r"\b(?:g?gmbh|ag|kg|kgaa|ug|e\.?\s?k|e\.?g|e\.?\s?v|e?gbr|part(?:g|gmbb|g mbb)|ohg"
    r"|ltd|limited|llp|plc|inc|corp(?:oration)?|llc|co|company|s\.?a|s\.?l|s\.?r\.?l|s\.?p\.?a"
    r"|sas|sarl|b\.?v|n\.?v|lda|unipessoal|pty|oyj?|ab|as|a/s|aps|sp\. z o\.o|s\.r\.o|kft|group|gruppe|holding)\b\.?$",
    re.IGNORECASE,
)
_FIRM_BEGINS = re.compile(  # companies that are called what they are: MVZ Köhler, Praxis Dr. Sommer
    r"^(?:mvz|\w*praxis|kanzlei|\w*klinik|\w*apotheke|\w*labor|ingenieurbüro|architekturbüro|steuerbüro)\s",
    re.IGNORECASE,
)
_AND_PARTNERS = re.compile(r"(?:&|\+|\bund|\band)\s*partner\w*", re.IGNORECASE)  # of a company's name, no title
_TITLE = re.compile(
    r"\b(?:ceo|cto|cfo|coo|cmo|cio|chief|president|vp|director|managing|manager|head|lead|leader|owner|founder|partner"
    r"|engineer|developer|architect|consultant|adviser|advisor|analyst|officer|executive|assistant|secretary|buyer"
    r"|purchas\w+|procurement|sales|marketing|operations|account|specialist|coordinator|administrator|accountant"
    r"|dentist|surgeon|physician|professor|lecturer|teacher|nurse|lawyer|attorney|designer|editor|student|intern"
    r"|geschäftsführ\w+|leit\w+|inhaber\w*|vertrieb\w*|einkauf\w*|\w*ingenieur\w*|berater\w*|prokurist\w*|assistenz"
    r"|directeur|directrice|gérante?|responsable|acheteu\w+|ventes|diretora?|gerente|gestora?|vendas|comercial"
    r"|directora?|jefe|encargad\w+|compras|direttore|responsabile|titolare|commerciale|zahnärzt\w+)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(  # what stands before a name, on a line of its own or on the same
    r"^(?:(?:mit|with|many|kind(?:est)?|best|warm(?:est)?|sincere|freundliche[mn]?|beste[mn]?|liebe[mn]?|herzliche[mn]?"
    r"|viele[mn]?|schöne[mn]?|and|und|&)\s+)*"
    r"(?:regards|wishes|thanks(?: you)?|thank you|cheers|sincerely|gr(?:ü|ue|u)(?:ß|ss)(?:en?)?|dank|mfg|[lv]g(?=,|$)"
    r"|cordialement|bien à vous|cumprimentos|atentamente|saludos)(?=[\s,.!:/;–-]|$)[\s,.!:/;–-]*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:yours\b.*|best|all the best|mit freundlichen .*|freundliche .*|viele .*gr(?:ü|ue)(?:ß|ss)e.*"
    r"|(?:beste|liebe|herzliche) gr(?:ü|ue)(?:ß|ss)e.*|meilleures salutations|salutations .*"
    r"|com os melhores .*|un (?:cordial )?saludo|saludos.*|cordiali saluti|sent from my .*"
    r"|von meinem .* gesendet|envoyé de mon .*|enviado do meu .*|get outlook .*|-{2,}|_{2,}|={2,})[\s,.!]*$",
    re.IGNORECASE,
)
_SIGNS_FOR = re.compile(r"^(?:i\.?\s?[av]\.|i\.?\s?[AV]\.?|ppa\.?|p\.\s?p\.?(?:\s?a\.?)?)(?:\s+|$)")  # in whose stead
_DEGREES = re.compile(  # nobody is addressed by them
    r"\bdipl(?:om)?\.?\s?-?\s?[a-zäöü]+\.?(?:[- ](?:ing|wirt|kfm|inf|betriebsw)\w*\.?)*|\bmag(?:\.|istra\b)"
    r"|\bstaatl\. gepr\. \w+|(?<![\w.-])ing\.|\([^)]{1,12}\)"
    r"|\b(?:[BM]\.\s?(?:A|Sc|Eng|Ed)|LL\.\s?[BM]|Ph\.\s?D|MBA|EMBA|MSc|BSc|PhD|CPA|PMP|DDS|MD)(?:\.|\b)",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(
    r"\b(?:(?:herr|frau|mrs?|ms|prof(?:essor(?:in)?)?|dr)\b\.?(?:-ing\.)?|h\.\s?c\.|med\.|dent\.|habil\.|rer\.|nat\."
    r"|phil\.|jur\.|iur\.|vet\.|oec\.|pol\.)\s*", re.IGNORECASE,
)  # fmt: skip
_NAME = re.compile(r"(?:[^\W\d_][\w.'’-]*)(?:\s+(?:[^\W\d_][\w.'’-]*)){1,4}")
_AFTER_NAME = re.compile(r",\s*(?:[A-Z][\w.]{0,6}\.?(?:\s|,|$))+.*$")
_INTERNATIONAL = re.compile(r"(?:\+|\b00)[1-9][\d ()/.-]{5,22}\d")
_BARE = re.compile(r"(?:\+|\b0)[\d ()/.-]{6,20}\d")
_ON_LETTERS = {"D": "DE", "A": "AT", "CH": "CH", "L": "LU", "B": "BE", "F": "FR", "I": "IT", "NL": "NL"}
_POST_CODE = re.compile(  # and a town behind it: "Suite B-1200" is none
    r"(?:\b(?P<five>[DFI])[-–] ?\d{5}|\b(?P<four>CH|NL)[-–] ?\d{4}|(?:^|[,;/] *)(?P<room>[ABL])[-–] ?\d{4})"
    r"(?: ?[A-Z]{2}\b)?,?\s+[^\W\d_]"
)
_POSTAL_LINE = re.compile(  # 50667 Köln; Atlanta, GA 30303; London N1 9GU; 1000-001 Lisboa
    r"(?:^|, *)(?:[A-Z]{1,2}[-–] ?)?(?:\d{4,6}|\d{3} \d{2}|\d{2,4}-\d{3})(?: ?[A-Z]{2})?,? +[A-ZÀ-Þ]"
    r"|\b[A-Z]{2} \d{5}(?:-\d{4})?$|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"
)
_STREET = re.compile(
    r"\d{3,}|\b(?:str(?:aße|asse|eet)?|road|rd|avenue|ave|lane|square|platz|weg|rua|calle|via|rue)\b", re.I
)


@dataclass
class Signature:
    """Who it may be, other numbers of theirs among it. `guessed`: the fields that want a second look."""

    fields: dict[str, str] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)

    def guess(self, name: str, text: str) -> None:
        if text and name not in self.fields:
            self.fields[name] = clean(text)[:200]
            self.guessed.add(name)


def read(text: str, *, country: str = "") -> Signature:
    """The signature in what was pasted; `country` is that of numbers without a country code, where it says none."""
    lines = list(_parts(clean_lines(text[-LONGEST:])))
    found = Signature()
    theirs = values.reading_country(_country(lines), _INTERNATIONAL.findall("\n".join(lines)), country)
    countries = list(dict.fromkeys([theirs, country]))  # what the address says is a guess
    _addresses(found, "\n".join(lines))
    _numbers(found, lines, countries)
    words = [line for line in lines if not _says_how_to_reach(line, countries)]
    _person(found, words)
    return found


def _parts(text: str) -> Iterator[str]:
    """The lines from where the signature begins, those with several things in them taken apart."""
    lines = [line.lstrip("> ").strip(" *_") for line in text.splitlines()]
    if (mark := next((i for i, line in enumerate(lines) if line.strip() == "--"), None)) is not None:
        lines = lines[mark + 1 :]
    for line in [_without_greeting(each[:300]) for each in lines if each][-_LINES:]:
        if not _CLOSING.match(line):
            yield from filter(None, map(_without_proxy, _BETWEEN.split(line)))


def _without_greeting(line: str) -> str:
    """A line without the closing words before a name: "Best regards, Tom Reyes"."""
    while greeting := _GREETING.match(line):
        rest = line[greeting.end() :]
        if rest and not (_GREETING.match(rest) or _is_called(_without_proxy(rest))):
            return line
        line = rest
    return line


def _without_proxy(part: str) -> str:
    """Without the letters of whoever signs for another: i. A., i. V., ppa."""
    return _SIGNS_FOR.sub("", part)


def _is_called(line: str) -> bool:
    """Whether a line looks like a name."""
    bare = _AFTER_NAME.sub("", _ADDRESSED.sub("", _called(line))).strip(" .,")
    return bool(
        _NAME.fullmatch(bare)
        and bare[:1].isupper()
        and bare.rpartition(" ")[2][:1].isupper()
        and not _LEGAL.search(line.strip(" ."))
        and not _FIRM_BEGINS.match(line)
        and not _TITLE.search(bare)
    )


def _called(line: str) -> str:
    """A name without the degrees before and behind it."""
    return " ".join(_DEGREES.sub(" ", _AFTER_NAME.sub("", line)).split()).strip(" ,/")


def _country(lines: list[str]) -> str:
    """The country of the address: its code before the post code, or its name at the end of the line or below it.

    A name that stands anywhere else may be anybody's, or a town's: Jordan, Georgia.
    """
    for before, line in pairwise(["", *lines]):
        if code := _POST_CODE.search(line):
            return _ON_LETTERS[code["five"] or code["four"] or code["room"]]
        address, comma, last = line.rpartition(",")
        last = last.strip(" .")
        is_of_address = any(map(str.isdigit, address)) if comma else _POSTAL_LINE.search(before)
        if is_of_address and len(last) > 3 and last[:1].isupper():
            with suppress(BadValueError):
                return codes.country(last)
    return ""


def _addresses(found: Signature, text: str) -> None:
    for address in IN_TEXT.findall(text):
        try:
            found.fields.setdefault("email", values.email(address).value)
        except BadValueError:
            continue
    for site in _SITE.findall(IN_TEXT.sub("", text)):
        try:
            found.fields.setdefault("website", values.domain(site).value)
        except BadValueError:
            continue


def _numbers(found: Signature, lines: list[str], countries: list[str]) -> None:
    """The numbers by the first of the countries by which there are any."""
    numbers = next(filter(None, (_numbers_by(country, lines) for country in countries)), [])
    if not numbers:  # such as have no country code here
        numbers = [m[0].strip() for line in lines for m in _BARE.finditer(line) if not _FAX.search(line[: m.start()])]
    numbers = list(dict.fromkeys(numbers))
    if numbers:
        found.fields["phone"] = numbers[0]
        if len(numbers) > 1:
            found.fields[OTHERS] = ", ".join(numbers[1:6])


def _numbers_by(country: str, lines: list[str]) -> list[str]:
    numbers = []
    for line in lines:
        how = phonenumbers.Leniency.POSSIBLE if "+" in line else phonenumbers.Leniency.VALID
        for match in phonenumbers.PhoneNumberMatcher(line, country or None, leniency=how):
            if not _FAX.search(line[: match.start]):
                numbers.append(phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))
    return numbers


def _says_how_to_reach(line: str, countries: list[str]) -> bool:
    """Whether a line is an address, a number or a street, not who somebody is."""
    return bool(
        IN_TEXT.search(line) or _SITE.search(line) or _STREET.search(line)
        or any(phonenumbers.PhoneNumberMatcher(line, country or None).has_next() for country in countries)
    )  # fmt: skip


def _person(found: Signature, words: list[str]) -> None:
    local, _, host = found.fields.get("email", "").partition("@")
    name = _named(words, local)
    if name is not None:
        found.guess("name", _called(words[name]))
        if _fits(words[name], local):
            found.guessed.discard("name")
    rest = [line for i, line in enumerate(words) if i != name]
    label = _bare(host.rpartition(".")[0].rpartition(".")[2])
    for line in rest:
        if _is_firm(line, label) and not _TITLE.search(_AND_PARTNERS.sub("", line)):
            found.guess("company", line)
        elif _TITLE.search(line):
            title, where = _title(line, label)
            found.guess("title", title)
            found.guess("company", where)


def _title(line: str, label: str) -> tuple[str, str]:
    """What they do, and where, if the line says both: "Owner at Northgate", "Owner, Northgate Ltd"."""
    title, *where = _AT.split(line, maxsplit=1)
    if not where:
        title, _, after = line.rpartition(", ")
        where = [after] if title and _is_firm(after, label) else []
    return (title, where[0]) if where else (line, "")


def _is_firm(line: str, label: str) -> bool:
    """Whether a line is called what the address' domain is, or ends as companies do."""
    bare = _bare(line)
    says_so = _LEGAL.search(line.strip(" .")) or _FIRM_BEGINS.match(line)
    return bool(says_so or (label and len(bare) > 2 and (label in bare or bare in label)))


def _named(words: list[str], local: str) -> int | None:
    """The line that is most likely a name: one that the address confirms, else the first that looks like one."""
    looks = [i for i, line in enumerate(words) if _is_called(line)]
    return next((i for i in looks if _fits(words[i], local)), looks[0] if looks else None)


def _fits(line: str, local: str) -> bool:
    """Whether the words of a name stand in the part of the address before the @."""
    bare = _bare(local)
    parts = [_bare(word) for word in line.split()]
    return any(len(part) > 2 and part in bare for part in parts)


def _bare(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", unaccented(text).casefold())
