"""Settings, Ripening: an administrator sees which model scores and why, teaches it, chooses, takes back."""

from django.test import Client

from ripeline.catalog import actions as catalog
from ripeline.catalog.models import CustomField, FieldType
from ripeline.people.models import User
from ripeline.ripeness import actions, queries
from ripeline.ripeness.models import ModelRun
from tests.ripeness.company import grow


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_ada_teaches_it_and_reads_what_was_decided(ada: User, alice: User) -> None:
    page = signed_in(ada)
    assert "mostly rule of thumb" in page.get("/settings/ripening").text
    grow(alice, n=160)
    page.post("/settings/ripening/learn-now")
    assert "It is learning" in page.get("/settings/ripening").text
    (waiting,) = queries.waiting()
    assert actions.work(waiting)
    read = page.get("/settings/ripening").text
    assert f"<b>Run {waiting}</b> scores" in read
    assert "It is put to use." in read
    run = page.get(f"/settings/ripening/runs/{waiting}").text
    assert "The renewed model" in run
    assert "What it changed most" in run


def test_ada_takes_it_back_and_puts_it_to_use_again(ada: User, alice: User) -> None:
    grow(alice, n=160)
    run = actions.request_fit(actor=ada)
    actions.work(run.pk)
    page = signed_in(ada)
    assert "scores again, as it did before" in page.post("/settings/ripening/rollback", follow=True).text
    assert queries.current_run().is_prior
    assert "there is nothing before it" in page.post("/settings/ripening/rollback", follow=True).text
    assert f"run-{run.pk} scores now" in page.post("/settings/ripening/promote", {"run": run.pk}, follow=True).text
    assert "chosen by Ada" in page.get("/settings/ripening").text
    assert "Choose a run" in page.post("/settings/ripening/promote", {"run": "x"}, follow=True).text


def test_ada_says_which_fields_are_known_when_they_come(ada: User) -> None:
    catalog.custom_fields({"chairs": ("Chairs", FieldType.NUMBER), "status": ("Status", FieldType.TEXT)})
    signed_in(ada).post("/settings/ripening/fields", {"field": "chairs"})
    assert dict(CustomField.objects.values_list("key", "is_learnt_from")) == {"chairs": True, "status": False}


def test_nobody_else_sees_or_chooses_it(mallory: User, mona: User, carol: User) -> None:
    prior = ModelRun.objects.get(is_prior=True)
    for user in (mallory, mona, carol):
        page = signed_in(user)
        assert page.get("/settings/ripening").status_code == 403
        assert page.get(f"/settings/ripening/runs/{prior.pk}").status_code == 403
        for verb in ("learn-now", "promote", "rollback", "fields"):
            assert page.post(f"/settings/ripening/{verb}", {"run": prior.pk}).status_code == 403
    assert ModelRun.objects.count() == 1
