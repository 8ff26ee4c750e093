"""What can be read on what, by the contrast of WCAG 2: a form has the colours of a company, and not all of them fit."""

from collections.abc import Mapping
from typing import Any

ENOUGH = 4.5  # for letters of the usual size (WCAG 2, 1.4.3)
USUAL = {"accent": "#1f6f54", "paper": "#ffffff", "ink": "#1c2321"}  # as form.css has them
BLACK, WHITE = "#000000", "#ffffff"


def contrast(one: str, other: str) -> float:
    """Of two colours written as # and six digits: from 1, the same, to 21, black on white."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def letters_on(colour: str) -> str:
    """Black or white, whichever is read better on it."""
    return max(WHITE, BLACK, key=lambda letters: contrast(letters, colour))


def can_be_read(style: Mapping[str, Any]) -> bool:
    """Whether the letters of a form stand out from its ground."""
    chosen = {**USUAL, **style}
    return contrast(chosen["ink"], chosen["paper"]) >= ENOUGH


def is_pale(style: Mapping[str, Any]) -> bool:
    """Whether the colour of the button is too near to the ground for links: these take the colour of the letters."""
    chosen = {**USUAL, **style}
    return contrast(chosen["accent"], chosen["paper"]) < ENOUGH
