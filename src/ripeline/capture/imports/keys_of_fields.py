"""The fields of the company's own that the columns of a file fill: each by a key, which is made of its words."""

from collections.abc import Iterable

from ripeline.capture.cells.fields import CUSTOM
from ripeline.capture.cells.text import key
from ripeline.capture.columns import own_labels
from ripeline.capture.models import ImportRun
from ripeline.catalog import queries as catalog

_TELLING = frozenset("<>≤≥=%‰€$£¥+#&*±@°²³")  # signs by which two headings of the same words are two things


def own_keys(run: ImportRun) -> dict[str, str]:
    """The key of the company's own field that each label stands for: of the columns mapped so, then of all others."""
    labels = [column["label"] for column in run.dialect["columns"]]
    named = [run.mapping[label] for label in labels if run.mapping.get(label, "").startswith(CUSTOM)]
    return field_keys([*(target.removeprefix(CUSTOM) for target in named), *labels])


def field_keys(labels: Iterable[str]) -> dict[str, str]:
    """A custom field's key for each label, or for a key that there is: its words, with a number where that is taken.

    A field that is here is not meant by words that differ from its own in a sign: “C#” is not “C++”, whatever stands
    first in the file.
    """
    here = {field.key: _said(field.label) for field in catalog.custom_fields()}
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for label in dict.fromkeys(labels):
        word, said = key(own_labels.stem(label)).replace(" ", "_")[:60] or "field", _said(label)
        found, again = label if label in here else word, 2
        while found in taken or (found != label and found in here and _is_another(here[found], said)):
            found, again = f"{word[:56]}_{again}", again + 1
        keys[label] = found
        taken.add(found)
    return keys


def _is_another(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[0] == other[0] and one[1] != other[1]


def _said(label: str) -> tuple[str, str]:
    """The words of a label, and the signs in it that tell."""
    label = own_labels.stem(label)[:100]
    return key(label), "".join(sign for sign in label if sign in _TELLING)
