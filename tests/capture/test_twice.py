"""Rows of one file that are one person under two names; of a long file only so many rows back."""

import pytest

from ripeline.capture import twice
from ripeline.capture.rows import Row
from ripeline.leads import identity
from ripeline.leads.identity import Key


def said(names: twice.Names, number: int, name: str, email: str) -> str:
    key = identity.email(email)
    assert isinstance(key, Key)
    return names.remark(Row(row=number, values={"name": name}), (key,))


def test_another_name_is_remarked_on_as_far_back_as_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twice, "REMEMBERED", 2)
    names = twice.Names()
    assert said(names, 2, "Nils Berg", "a@x.example") == ""
    assert "in row 2" in said(names, 3, "Hugo Vaz", "a@x.example")
    assert said(names, 4, "Ann Lee", "b@x.example") == ""
    assert said(names, 5, "Bo Ek", "c@x.example") == ""
    assert said(names, 6, "Hugo Vaz", "a@x.example") == "", "row 2 is forgotten by now"
