"""What is read by a plain statement is what the ORM reads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from ripeline.base import reading
from ripeline.leads.finding import saved
from ripeline.leads.finding.saved import Sharing
from ripeline.leads.models import Lead, SavedView
from ripeline.outbox.models import Wording
from ripeline.people import queries as people
from ripeline.people.models import AuditEntry, Company, Team, User
from ripeline.people.queries import system
from tests.cast import MakeLead

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [User, Team, Company, AuditEntry, Session])
def test_an_object_has_every_column_as_the_orm_reads_it(alice: User, model: type[Model]) -> None:
    Client().force_login(alice)
    AuditEntry.objects.create(verb="x", target='a "quoted" %s', data={"list": [1, None, {"a": "ü"}]})
    by_orm = {each.pk: each for each in model._default_manager.all()}
    found = reading.read(model, "")
    assert by_orm
    assert {each.pk for each in found} == set(by_orm)
    for each in found:
        for field in model._meta.concrete_fields:
            assert getattr(each, field.attname) == getattr(by_orm[each.pk], field.attname)


@pytest.mark.parametrize(
    ("model", "beside"),
    [
        (Lead, ("owner", "owner__team", "responsible", "responsible__user", "account", "account__owner", "source")),
        (SavedView, ("team", "user")),
        (Wording, ("purpose", "actor")),
    ],
)
def test_what_stands_beside_an_object_has_every_column_too(
    alice: User, make_lead: MakeLead, model: type[Model], beside: tuple[str, ...]
) -> None:
    make_lead(alice, company="Casa Verde")
    make_lead(None)
    saved.save(actor=alice, name="Hers", query="")
    table = model._meta.db_table
    found = reading.whole(model, f'ORDER BY "{table}".id', beside=beside)
    by_orm = list(model._default_manager.select_related(*beside).order_by("pk"))
    assert found == by_orm != []
    for one, other in zip(found, by_orm, strict=True):
        for path in ("", *beside):
            here, there = one, other
            for name in path.split("__") if path else ():
                assert name in here._state.fields_cache
                here, there = getattr(here, name), getattr(there, name)
                if there is None:
                    assert here is None
                    break
            else:
                for field in there._meta.concrete_fields:
                    assert here.__dict__[field.attname] == getattr(there, field.attname)


def test_an_object_can_be_changed_and_saved(alice: User) -> None:
    (found,) = reading.read(User, "WHERE id = %s", [alice.pk])
    found.name = "Alice B."
    found.save()
    assert User.objects.get(pk=alice.pk).name == "Alice B."
    assert found == alice
    assert found.team == alice.team
    assert found.absences.count() == 0


def test_what_was_not_read_comes_when_it_is_asked_for(alice: User) -> None:
    part = reading.made(User, {"id": alice.pk, "name": "Alice"})
    assert part.get_deferred_fields() >= {"email", "role"}
    assert part.email == alice.email


def test_everybody_sees_their_own_views_and_those_for_them(
    alice: User, bob: User, carol: User, ada: User, mallory: User, north: Team, south: Team
) -> None:
    saved.save(actor=alice, name="Hers", query="state=open")
    saved.save(actor=carol, name="North", query="state=won", sharing=Sharing("team", north))
    saved.save(actor=ada, name="South", query="", sharing=Sharing("team", south))
    saved.save(actor=ada, name="All", query="", sharing=Sharing("everybody"))
    gone = saved.save(actor=ada, name="Gone", query="", sharing=Sharing("everybody"))
    saved.forget(actor=ada, view_id=gone.pk)
    seen = {viewer: {view.name for view in saved.of(viewer)} for viewer in (alice, bob, carol, ada, mallory, system())}
    assert seen == {
        alice: {"Hers", "North", "All"}, bob: {"North", "All"}, carol: {"North", "All"},
        ada: {"North", "South", "All"}, mallory: {"South", "All"}, system(): {"North", "South", "All"},
    }  # fmt: skip


def test_desks_and_team_are_found_with_and_without_a_team(alice: User, make_user: Callable[..., User]) -> None:
    loner = make_user("lone", "rep")
    for actor in (alice, loner):
        mine, team, desks = people.around({actor.pk}, actor.team_id)
        assert mine == [people.responsible_of(actor).pk]
        assert set(team) == set(User.objects.filter(team=actor.team_id).values_list("pk", flat=True))
        assert {people.responsible_of(User.objects.get(pk=pk)).pk for pk in team if pk != system().pk} == set(desks)


def test_a_session_that_is_over_and_a_person_who_left_are_nobody(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert client.get("/settings/profile").status_code == 200
    Session.objects.update(expire_date=timezone.now())
    assert client.get("/settings/profile").status_code == 302
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    left: Any = client.get("/settings/profile")
    assert left.status_code == 302
    assert isinstance(left.wsgi_request.user, AnonymousUser)
