"""Amounts of money: as people type them, on either side of the decimal comma, and as one would say them."""

import re
from decimal import Decimal

from ripeline.leads.decisions.deciding import LeadError
from ripeline.web.templatetags.words import SYMBOLS, money

MOST = Decimal(10) ** 12
# Figures with their marks, and perhaps a currency's sign or code: "12k" and "3/4" are not taken for 12 and 34.
_TYPED = re.compile(r"(?:[A-Z]{3}|[^\w\s.,/-])?\s*(?P<figures>[0-9][0-9.,\s'’]*?)\s*(?:[A-Z]{3}|[^\w\s.,/-])?")
_GROUPED = re.compile(  # 1 234 567, and 12,34,567
    r"[0-9]{1,3}(?:([.,\s'’])[0-9]{3})(?:\1[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}"
)


class NotAnAmount(LeadError):
    """What was typed is no amount, or could be two; said so that one can mend it."""


def read(text: str) -> Decimal | None:
    """An amount as people type it: 12500, 12 500, 12,500, 12.500,00, €12,500.50; None for nothing.

    A single comma before three figures is one of thousands, as this page writes amounts itself. A single point there
    could be either, so it is asked for. Raises NotAnAmount.
    """
    if not text.strip():
        return None
    typed = _TYPED.fullmatch(text.strip())
    if not typed:
        raise NotAnAmount(f"“{text[:40]}” is not an amount; write for example 12500.")
    whole, cents = _parts(typed["figures"])
    if not (whole.isdecimal() or _GROUPED.fullmatch(whole)):
        raise NotAnAmount(f"“{text[:40]}” is not an amount: its figures are not in groups of three. Write 12500.")
    if len(cents.rstrip("0")) > 2:
        raise NotAnAmount(f"“{text[:40]}” has more than two decimals; write for example 12500.50.")
    amount = Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{cents or '0'}")
    if amount >= MOST:
        raise NotAnAmount(f"“{text[:40]}” is more than can be kept here.")
    return amount


def _parts(figures: str) -> tuple[str, str]:
    """What stands before and after the decimal mark; all of it before where there is none."""
    marks = re.findall(r"[.,]", figures)
    if not marks:
        return figures, ""
    whole, cents = re.split(r"[.,](?=[^.,]*$)", figures)
    is_only = len(marks) == 1
    if (is_only and (len(cents) != 3 or whole == "0")) or (not is_only and marks[-1] not in marks[:-1]):
        return whole, cents
    if is_only and marks == ["."] and whole.isdecimal() and len(whole) <= 3:
        raise NotAnAmount(
            f"“{figures}” could be {whole},{cents} or {whole}.{cents[:2]}; write {whole}{cents} or {whole}.{cents[:2]}."
        )
    return figures, ""


def rounded(amount: float, currency: str) -> str:
    """An amount as one would say it: three figures that count."""
    if amount >= 999_500:
        figure = f"{amount / 1e6:,.1f}".removesuffix(".0") + " million"
        return f"{SYMBOLS[currency]}{figure}" if currency in SYMBOLS else f"{figure} {currency}"
    step = 10 ** max(len(str(int(amount))) - 3, 0)
    return money(float(round(amount / step) * step), currency)
