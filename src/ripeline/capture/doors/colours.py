"""What can be read on what, by the contrast of WCAG 2: a form has the colours of a company, and not all of them fit."""

from collections.abc import Mapping
from typing import Any

ENOUGH = 4.5  # for letters of the usual size (WCAG 2, 1.4.3)
SEEN = 3.0  # for the edges of what is filled in and pressed (1.4.11)
USUAL = {"accent": "#1f6f54", "paper": "#ffffff", "ink": "#1c2321"}  # as form.css has them
DARK = {"accent": "#6cc6a2", "paper": "#15171a", "ink": "#e8ebe9"}  # the same in a dark browser
WRONG = ("#b3123f", "#ff8ba7")  # what is wrong, on light and on dark
SOFT, EDGE = 0.72, 0.55  # of the letters' colour, in what is said beside and around what is filled in
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


def is_own(style: Mapping[str, Any]) -> bool:
    """Whether somebody chose ground or letters: then these count in a dark browser, too."""
    return "paper" in style or "ink" in style


def rules(style: Mapping[str, Any]) -> list[str]:
    """The custom properties of a form's colours, over those of form.css: whatever was chosen, all can be read."""
    said = [f"--{name}: {style[name]};" for name in USUAL if name in style]
    said += _of_button(style, USUAL)
    if is_own(style):
        said += _of_ground({**USUAL, **style})
    return said


def rules_in_the_dark(style: Mapping[str, Any]) -> list[str]:
    """What is otherwise in a dark browser: the button's colour stays, on a dark ground."""
    if is_own(style) or "accent" not in style:
        return []
    said = [f"--accent: {style['accent']};", *_of_button(style, DARK)]
    return [*said, "--link: var(--accent);"] if "--link: var(--ink);" not in said else said


def _of_button(style: Mapping[str, Any], usual: Mapping[str, str]) -> list[str]:
    accent, paper = (style.get(name, usual[name]) for name in ("accent", "paper"))
    said = [f"--on: {letters_on(accent)};"] if "accent" in style else []
    if contrast(accent, paper) < ENOUGH:
        said.append("--link: var(--ink);")
    if contrast(accent, paper) < SEEN:
        said.append("--rim: var(--edge);")
    return said


def _of_ground(chosen: Mapping[str, Any]) -> list[str]:
    """What follows from ground and letters: what is said softly, edges, what is wrong, and the browser's own parts."""
    paper, ink = chosen["paper"], chosen["ink"]
    said = [f"color-scheme: {'dark' if letters_on(paper) == WHITE else 'light'};"]
    if contrast(mixed(ink, paper, SOFT), paper) < ENOUGH:
        said.append("--soft: var(--ink);")
    if contrast(mixed(ink, paper, EDGE), paper) < SEEN:
        said.append("--edge: var(--ink);")
    wrong = max(WRONG, key=lambda each: contrast(each, paper))
    return [*said, f"--wrong: {wrong if contrast(wrong, paper) >= ENOUGH else 'var(--ink)'};"]


def mixed(one: str, other: str, share: float) -> str:
    """So much of one colour and the rest of the other, as CSS mixes them in sRGB."""
    parts = (round(int(one[at : at + 2], 16) * share + int(other[at : at + 2], 16) * (1 - share)) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)
