"""Countries, their time zones and the usual currencies: what can be chosen for a company."""

from functools import lru_cache
from importlib.resources import files

CURRENCIES = [
    (code, f"{code} · {name}")
    for code, name in (
        ("EUR", "euro"), ("USD", "US dollar"), ("GBP", "pound sterling"), ("CHF", "Swiss franc"),
        ("AED", "UAE dirham"), ("ARS", "Argentine peso"), ("AUD", "Australian dollar"), ("BGN", "Bulgarian lev"),
        ("BRL", "Brazilian real"), ("CAD", "Canadian dollar"), ("CLP", "Chilean peso"), ("CNY", "renminbi"),
        ("COP", "Colombian peso"), ("CZK", "Czech koruna"), ("DKK", "Danish krone"), ("EGP", "Egyptian pound"),
        ("HKD", "Hong Kong dollar"), ("HUF", "forint"), ("IDR", "rupiah"), ("ILS", "shekel"), ("INR", "Indian rupee"),
        ("ISK", "Icelandic króna"), ("JPY", "yen"), ("KES", "Kenyan shilling"), ("KRW", "won"),
        ("MAD", "Moroccan dirham"), ("MXN", "Mexican peso"), ("MYR", "ringgit"), ("NGN", "naira"),
        ("NOK", "Norwegian krone"), ("NZD", "New Zealand dollar"), ("PEN", "sol"), ("PHP", "Philippine peso"),
        ("PLN", "złoty"), ("RON", "Romanian leu"), ("RSD", "Serbian dinar"), ("SAR", "Saudi riyal"),
        ("SEK", "Swedish krona"), ("SGD", "Singapore dollar"), ("THB", "baht"), ("TRY", "Turkish lira"),
        ("TWD", "Taiwan dollar"), ("UAH", "hryvnia"), ("VND", "đồng"), ("ZAR", "rand"),
    )
]  # fmt: skip


def _table(name: str) -> list[list[str]]:
    """A table of the time-zone database, by its columns."""
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """(ISO 3166 code, English name), by name."""
    return sorted(((row[0], row[1]) for row in _table("iso3166.tab")), key=lambda pair: pair[1])


@lru_cache(maxsize=1)
def country_of_zone() -> dict[str, str]:
    """The country that a time zone is named after: the zones that go by this name today."""
    return {row[2]: row[0] for row in _table("zone.tab")}


@lru_cache(maxsize=1)
def old_names() -> dict[str, list[str]]:
    """By what other names a time zone has gone: browsers still say some of them (Asia/Calcutta for Asia/Kolkata)."""
    text = files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text(encoding="utf-8")
    today, found = country_of_zone(), dict[str, list[str]]()
    for line in text.splitlines():
        if line.startswith("L ") and (names := line.split())[2] not in today:
            found.setdefault(names[1], []).append(names[2])
    return found
