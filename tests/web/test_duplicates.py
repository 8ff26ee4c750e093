"""Possible duplicates as pages: who is asked about whom, the two side by side, one record, and two again."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions
from ripeline.leads.doubles import duplicates
from ripeline.leads.models import Lead, PossibleDuplicate, State
from ripeline.people import queries
from ripeline.people.models import User
from tests.cast import MakeLead, by, soon
from tests.web.test_lead import fresh, text

BERG = "+49301234567"


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


@pytest.fixture
def two(alice: User, make_lead: MakeLead) -> tuple[Lead, Lead]:
    """Two records of one person, both Alice's."""
    one = make_lead(alice, name="Jon Smith", title="CEO", phone=BERG, custom={"chairs": "3"})
    other = make_lead(alice, name="John Smith", title="Owner", phone=BERG, custom={"chairs": "4"})
    duplicates.find([one.pk, other.pk])
    return one, other


def form(one: Lead, other: Lead, **chosen: str) -> dict[str, str]:
    """What the page sends; `one` survives."""
    seen = {"seen": str(fresh(one).decision_id or "none"), "seen_other": str(fresh(other).decision_id or "none")}
    return {"key": uuid4().hex, **seen, **{f"take:{name}": value for name, value in chosen.items()}}


def test_two_records_become_one_as_chosen_and_two_again(alice: User, two: tuple[Lead, Lead]) -> None:
    one, other = two
    hers = client(alice)
    page = hers.get("/leads/duplicates")
    assert "Jon Smith" in page.text
    because = "the same telephone, names that differ by a slip, the same company by its domain northgate.example"
    assert f"Very likely one person: {because}." in text(page)
    path = f"/leads/{one.pk}/compare/{other.pk}"
    shown = text(hers.get(path))
    assert "What speaks for it: the same telephone" in shown
    assert "The same in both: telephone +49 30 1234567" in shown
    answer = hers.post(path, form(one, other, title="theirs", **{"custom:chairs": "theirs"}), follow=True)
    assert "John Smith and Jon Smith are one record now." in text(answer)
    after = fresh(one)
    assert (after.name, after.title, after.custom) == ("Jon Smith", "Owner", {"chairs": "4"})
    assert hers.get(f"/leads/{other.pk}").headers["Location"] == f"/leads/{one.pk}"
    assert "Merged into this record" in text(hers.get(f"/leads/{one.pk}"))
    assert "Jon Smith" not in hers.get("/leads/duplicates").text
    back = hers.post(f"/leads/{other.pk}/unmerge", {"key": uuid4().hex}, headers={"HX-Request": "true"})
    assert "<title>Jon Smith · Ripeline</title>" in back.text, "the page is named after whom it shows"
    assert (fresh(other).merged_into_id, fresh(one).title) == (None, "CEO")


def test_the_record_says_who_it_may_be_and_forgets_it_when_told(alice: User, two: tuple[Lead, Lead]) -> None:
    one, other = two
    hers = client(alice)
    assert "May be the same as John Smith" in text(hers.get(f"/leads/{one.pk}"))
    hers.post(f"/leads/{one.pk}/apart/{other.pk}")
    assert "May be the same as" not in text(hers.get(f"/leads/{one.pk}"))
    assert PossibleDuplicate.objects.get().dismissed_by == alice
    hers.post(f"/leads/{one.pk}/ask-again/{other.pk}?back=pairs")
    assert "John Smith" in hers.get("/leads/duplicates").text
    gone = hers.post(f"/leads/{uuid4()}/apart/{other.pk}")
    assert gone.status_code == 404


def test_the_open_record_stays_whichever_was_opened_first(alice: User, make_lead: MakeLead, two: Any) -> None:
    one, other = two
    lost = next(reason for reason in catalog.reasons() if reason.state == State.LOST)
    actions.close(one.pk, by(alice), reason=lost)
    client(alice).post(f"/leads/{one.pk}/compare/{other.pk}", form(other, one))
    assert fresh(one).merged_into_id == other.pk


def test_what_was_changed_meanwhile_is_shown_before_anything_is_merged(alice: User, two: tuple[Lead, Lead]) -> None:
    one, other = two
    sent = form(one, other)
    actions.set_next(other.pk, by(alice), next=soon(days=3))
    answer = client(alice).post(f"/leads/{one.pk}/compare/{other.pk}", sent)
    assert answer.status_code == 422
    assert "One of the two has been changed since you opened this." in text(answer)
    assert fresh(other).merged_into_id is None


def test_nobody_compares_or_decides_what_they_may_not_change(
    bob: User, mallory: User, mona: User, carol: User, two: tuple[Lead, Lead]
) -> None:
    one, other = two
    path = f"/leads/{one.pk}/compare/{other.pk}"
    for who in (bob, mallory, mona):
        theirs = client(who)
        assert theirs.get(path).status_code == 403
        assert theirs.post(path, form(one, other)).status_code == 403
        assert theirs.post(f"/leads/{one.pk}/apart/{other.pk}").status_code == 403
    assert "Jon Smith" not in client(bob).get("/leads/duplicates").text
    seen = client(mona).get("/leads/duplicates")
    assert "Jon Smith" in seen.text
    assert "/compare/" not in seen.text
    assert client(carol).get(path).status_code == 200


def test_mona_who_merges_nobody_sees_who_does_and_can_write_to_them(
    mona: User, bob: User, alice: User, make_lead: MakeLead, two: tuple[Lead, Lead]
) -> None:
    page = client(mona).get("/leads/duplicates").text
    assert "John Smith" in page
    assert f'href="mailto:{alice.email}?subject=' in page
    assert "Write to Alice" in page
    third = make_lead(bob, name="Jon Smith", phone=BERG)
    duplicates.find([third.pk])
    assert "They are with two people" in client(mona).get("/leads/duplicates").text
    Lead.objects.update(owner=None, responsible=queries.built_in(queries.QUALIFY))
    page = client(mona).get("/leads/duplicates").text
    assert "Nobody has them yet: inside sales, whoever leads a team, or an administrator can merge them." in page
    assert "with two people" not in page
    Lead.objects.filter(pk=third.pk).update(owner=bob)
    page = client(mona).get("/leads/duplicates").text
    assert "Nobody has one of them yet: whoever leads the team that the other is with" in page
    assert "with two people" not in page
    record = client(mona).get(f"/leads/{two[0].pk}").text
    assert f'<a class="button small quiet" href="/leads/{two[1].pk}">Look at it' in record


def test_many_pairs_go_over_several_pages(alice: User, make_lead: MakeLead) -> None:
    leads = [make_lead(alice, name=f"Jon Smith{chr(97 + n)}", phone="") for n in range(9)]
    duplicates.find([lead.pk for lead in leads])
    hers, path, seen = client(alice), "/leads/duplicates", 0
    while path:
        page = hers.get(path)
        seen += page.text.count('<li class="sheet">')
        path = page.context["more"]
    assert seen == 36
    assert hers.get("/leads/duplicates?after=nonsense").status_code == 200
