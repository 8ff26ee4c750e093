"""The systems whose ids are kept here. An id says who somebody is only within the system that gave it.

A system is a short name, such as `hubspot`; "" is the company's own, which need not be named: its lists, its programs.
"""

import re

LABELS = {
    "hubspot": "HubSpot", "salesforce": "Salesforce", "pipedrive": "Pipedrive", "linkedin": "LinkedIn", "meta": "Meta",
    "ripeline": "Ripeline",
}  # fmt: skip
OURS = "ripeline"  # of a list that was exported here, or by the Ripeline of another company
LONGEST = 40  # characters of a name
_COUNTS = re.compile(r"\d{1,6}")


def named(text: str) -> str:
    """The system that somebody means, however it is written."""
    return "-".join(re.findall(r"\w+", text.casefold()))[:LONGEST].strip("-")


def label(system: str) -> str:
    """What a system is called on a page; "" for the company's own."""
    return LABELS.get(system, system)


def qualified(value: str, system: str) -> str:
    """An id with the system that gave it, as it is kept; one that says its system already stays as it is."""
    return value if not system or value.startswith(f"{system}:") else f"{system}:{value}"


def of(value: str) -> str:
    """The system of an id as it is kept."""
    system, mark, _ = value.partition(":")
    return system if mark else ""


def bare(value: str) -> str:
    """An id as it is shown: without the name of a known system before it."""
    system, mark, rest = value.partition(":")
    return rest if mark and rest and system in LABELS else value


def says_little(value: str, system: str) -> bool:
    """Whether an id may well be a row's number in some list: a short number, of no system that is named."""
    return not system and _COUNTS.fullmatch(value) is not None
