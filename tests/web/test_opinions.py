"""One's own view of a lead on the record and on Today, and the list of what is seen differently."""

from django.test import Client

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions, queries
from ripeline.ripeness.models import Dispute, KeptWord
from ripeline.ripeness.rules import band


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_alice_says_how_it_seems_to_her_with_one_key_and_takes_it_back(alice: User, lead: Lead) -> None:
    actions.rescore([lead.pk])
    page = signed_in(alice).get(f"/leads/{lead.pk}").text
    for key in ("+", "0", "-"):
        assert f'data-key="{key}"' in page
    answer = signed_in(alice).post(f"/leads/{lead.pk}/perceived", {"quality": "poor", "key": "k"}, follow=True)
    assert "is a poor lead" in answer.text
    assert 'aria-pressed="true"' in answer.text
    assert queries.perceived(lead.pk) == "poor"
    signed_in(alice).post(f"/leads/{lead.pk}/perceived", {"quality": "poor", "key": "l"})  # once more takes it away
    assert queries.perceived(lead.pk) == ""


def test_it_is_undone_from_the_toast(alice: User, lead: Lead) -> None:
    actions.rescore([lead.pk])
    answer = signed_in(alice).post(
        f"/leads/{lead.pk}/perceived", {"quality": "good", "key": "k"}, headers={"HX-Request": "true"}
    )
    start = answer.text.index("/perceived/")
    undo = f"/leads/{lead.pk}" + answer.text[start : answer.text.index("undo", start)] + "undo"
    signed_in(alice).post(undo, {"key": "u"})
    assert queries.perceived(lead.pk) == ""


def test_alice_sees_it_differently_and_mona_reads_it(alice: User, mona: User, mallory: User, lead: Lead) -> None:
    actions.rescore([lead.pk])
    refused = signed_in(alice).post(f"/leads/{lead.pk}/dispute", {"direction": "riper", "words": " "})
    assert refused.status_code == 422
    assert "Say why, in a few words" in refused.text
    said = signed_in(alice).post(
        f"/leads/{lead.pk}/dispute", {"direction": "riper", "words": "They showed me the budget."}, follow=True
    )
    assert "They showed me the budget." in said.text  # on the timeline
    assert "They showed me the budget." in signed_in(mona).get("/seen-differently").text
    assert "Nobody has said so yet" in signed_in(mallory).get("/seen-differently").text


def test_alice_says_in_which_stage_they_are_in_fact_and_takes_it_back(alice: User, mona: User, lead: Lead) -> None:
    actions.rescore([lead.pk])
    page = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Buying stage, if they buy: awareness" in page
    assert "In fact …" in page
    assert "In fact …" not in signed_in(mona).get(f"/leads/{lead.pk}").text
    answer = signed_in(alice).post(
        f"/leads/{lead.pk}/stage", {"stage": "consideration", "key": "k"}, headers={"HX-Request": "true"}
    )
    assert "is in the stage of consideration" in answer.text
    start = answer.text.index("/perceived/")
    undo = f"/leads/{lead.pk}" + answer.text[start : answer.text.index("undo", start)] + "undo"
    told = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Buying stage as Alice said" in told
    assert "In fact in the buying stage of consideration" in told  # on the timeline
    signed_in(alice).post(undo, {"key": "u"})
    assert "Buying stage, if they buy: awareness" in signed_in(alice).get(f"/leads/{lead.pk}").text
    assert signed_in(mona).post(f"/leads/{lead.pk}/stage", {"stage": "decision"}).status_code == 403


def test_mallory_and_mona_cannot_say_how_alices_lead_seems(mallory: User, mona: User, lead: Lead) -> None:
    actions.rescore([lead.pk])
    for user in (mallory, mona):
        assert 'data-key="+"' not in signed_in(user).get(f"/leads/{lead.pk}").text
        assert (
            signed_in(user).post(f"/leads/{lead.pk}/dispute", {"direction": "riper", "words": "x"}).status_code == 403
        )
        assert signed_in(user).post(f"/leads/{lead.pk}/perceived", {"quality": "good"}).status_code == 403
    assert not Dispute.objects.exists()


def test_the_card_says_how_often_it_was_right_and_that_it_is_mostly_rule_of_thumb(alice: User, lead: Lead) -> None:
    actions.rescore([lead.pk])
    shown = queries.of([lead.pk])[lead.pk]
    page = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "Mostly rule of thumb: there are few outcomes of your own yet." in page
    assert "leads that we gave" not in page
    KeptWord.objects.create(band=band(shown.p_30), by_rule=True, n=212, did=71, counted_at=clock.now())
    assert "Of 212 leads that we gave " in signed_in(alice).get(f"/leads/{lead.pk}").text
