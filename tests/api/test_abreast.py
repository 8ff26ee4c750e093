"""Many enquiries by programs at the same moment: each is answered as if it had come alone, and kept once."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any, TypeVar
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from psycopg.errors import DeadlockDetected

from ripeline.api import abreast
from ripeline.api.abreast import Abreast, Asked
from ripeline.capture.arriving import keeping, saying
from ripeline.capture.models import Submission
from ripeline.catalog import queries as catalog
from ripeline.config import asgi
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import birth, bulk
from ripeline.leads.decisions.deciding import By
from ripeline.leads.models import Enquiry, Lead
from ripeline.outbox import queries as outbox
from ripeline.people import keys
from ripeline.people import queries as people
from ripeline.people.models import ApiKey, User
from ripeline.ripeness.models import Score
from ripeline.routing import turns
from ripeline.routing.queries import sellers
from ripeline.timeline.models import Activity

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
PATH = "/api/v1/enquiries"


@pytest.fixture
def secret(ada: User) -> str:
    return keys.issue(actor=ada, name="Web shop", scopes=["capture"])[1]


def person(at: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"Anna Keller {at}",
        "email": f"anna.{at}@firm{at // 4}.example",
        "company": f"Firm {at // 4}",
    } | more


def again(message: str) -> dict[str, Any]:
    """Person 1 with other words: the very same would be no other enquiry."""
    return person(1, message=message)


def asked(secret: str, *bodies: Any, key: str = "", pieces: int = 1, **more: str) -> list[tuple[int, Any]]:
    """Ask the web process's own application for all of them at once; status and JSON of each."""

    async def one(body: Any) -> tuple[int, Any]:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {secret}", "content-type": "application/json", "host": "127.0.0.1",
                   "content-length": str(len(text))} | ({"idempotency-key": key} if key else {}) | more  # fmt: skip
        scope = {
            "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b"",
            "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 4000), "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }  # fmt: skip
        size = -(-len(text) // pieces) or 1
        parts = [text[at : at + size] for at in range(0, len(text), size)] or [b""]
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if not parts:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            told.append(message)

        await asgi.application(scope, receive, send)  # type: ignore[arg-type]
        text = b"".join(message.get("body", b"") for message in told[1:])
        return told[0]["status"], json.loads(text) if text.startswith(b"{") else text

    async def all_of_them() -> list[tuple[int, Any]]:
        return await asyncio.gather(*(one(body) for body in bodies))

    try:
        return run(all_of_them())
    finally:
        asgi._enquiries.rest().result()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """In a thread, for a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_what_they_said_of_mail_is_noted_for_each_and_the_no_of_two_at_once_counts(secret: str, alice: User) -> None:
    def said(agreed: bool) -> dict[str, Any]:
        word = {"purpose": "news", "agreed": agreed, "how": "box", "confirmed": True, "at": "2026-03-02T10:00:00Z"}
        return {"consents": [word]}

    both = [person(0, **said(False)), person(0, **said(True))]
    found = asked(secret, *both, *(person(at, **said(True)) for at in range(1, 6)), person(6))
    assert [status for status, _ in found] == [201] * 8
    results = [[each["result"] for each in answer["consents"]] for _, answer in found]
    assert results[2:] == [["given"]] * 5 + [[]]
    assert not outbox.has_consent("anna.0@firm0.example", "news")
    assert all(outbox.has_consent(f"anna.{at}@firm{at // 4}.example", "news") for at in range(1, 6))
    assert not outbox.consents("anna.6@firm1.example")


def test_enquiries_that_come_at_once_are_each_kept_routed_and_scored(secret: str, alice: User) -> None:
    answers = asked(secret, *(person(at) for at in range(12)))
    assert [status for status, _ in answers] == [201] * 12
    leads = Lead.objects.in_bulk([UUID(said["lead"]) for _, said in answers])
    assert [leads[UUID(said["lead"])].email for _, said in answers] == [person(at)["email"] for at in range(12)]
    assert all(lead.responsible_id and lead.next_at for lead in leads.values())
    assert Score.objects.count() == Enquiry.objects.count() == Submission.objects.count() == 12
    assert len({lead.account_id for lead in leads.values()}) == 3


def test_they_are_kept_in_fewer_transactions_than_there_are_enquiries(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []

    def noting(wanted: Sequence[Any]) -> Any:
        groups.append(len(wanted))
        return keeping.keep_all(wanted)

    monkeypatch.setattr(abreast, "keep_all", noting)
    asked(secret, *(person(at) for at in range(12)))
    assert sum(groups) == 12
    assert len(groups) <= 3


def test_what_is_wrong_among_them_is_told_as_ever_and_harms_nobody(secret: str) -> None:
    wrong = [
        person(1, email="nobody"),
        b"{",
        person(2, colour="red"),
        person(3, captured_at="2999-01-01T00:00:00Z"),
        {},
    ]
    answers = asked(secret, person(10), *wrong, person(11))
    assert [status for status, _ in answers] == [201, 422, 400, 422, 422, 422, 201]
    assert answers[1][1]["fields"]["email"]
    assert Lead.objects.count() == Submission.objects.count() == 2


def test_one_person_sent_twice_at_once_is_one_lead_who_came_twice(secret: str) -> None:
    (_, one), (_, two) = asked(secret, person(1), person(1, phone="+351 210 000 000"))
    assert one["lead"] == two["lead"]
    assert one["id"] != two["id"]
    assert Lead.objects.get().phone
    assert Enquiry.objects.count() == 2


def test_the_very_same_at_once_without_a_key_of_theirs_counts_once(secret: str) -> None:
    answers = asked(secret, *[person(1)] * 5, person(2))
    assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 201, 201]
    assert Enquiry.objects.count() == 2


def test_the_same_key_of_theirs_at_once_counts_once(secret: str) -> None:
    answers = asked(secret, *[person(1)] * 5, person(2), key="order-1")
    assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 201, 409]
    assert len({said.get("lead") for status, said in answers if status < 300}) == 1
    assert Enquiry.objects.count() == 1


def test_an_address_and_an_id_of_two_people_are_refused_alone(secret: str) -> None:
    asked(secret, person(1), person(2, external_id="c-2"))
    answers = asked(secret, person(3), person(1, external_id="c-2"), person(4))
    assert [status for status, _ in answers] == [201, 422, 201]
    assert "external_id" in answers[1][1]["fields"]
    assert Submission.objects.count() == 4


def test_a_program_that_sends_too_much_is_told_to_wait(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast, "FROM_ONE_PROGRAM", 2)
    monkeypatch.setattr("ripeline.capture.doors.machines.FROM_ONE_PROGRAM", 2)
    asked(secret, person(1), person(2))
    assert asked(secret, person(3))[0][0] == 429
    assert Submission.objects.count() == 2


def test_a_key_is_asked_for_and_a_revoked_one_is_none(secret: str, ada: User) -> None:
    assert asked("rk_no", person(1))[0][0] == 401
    assert asked(secret, person(1))[0][0] == 201
    keys.revoke(actor=ada, key_id=ApiKey.objects.get().pk)
    assert asked(secret, person(2))[0][0] == 401


def test_a_body_may_come_in_pieces_and_too_large_a_one_is_refused(secret: str) -> None:
    assert asked(secret, person(1), pieces=7)[0][0] == 201
    assert asked(secret, person(2, message="x" * 300_000), pieces=30)[0][0] == 422


def test_a_host_that_is_not_ours_is_no_way_in(secret: str) -> None:
    assert asked(secret, person(1), host="elsewhere.example")[0][0] == 400
    assert not Lead.objects.exists()


def test_what_was_kept_and_could_not_be_answered_is_not_kept_twice(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def speechless(_: Any) -> Any:
        return None

    monkeypatch.setattr(abreast, "_answer", speechless)
    ((status, said),) = asked(secret, person(1))
    assert (status, said["result"]) == (200, "repeated")
    assert Submission.objects.count() == Enquiry.objects.count() == 1


def test_where_they_cannot_be_kept_together_each_is_kept_alone(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(abreast, "keep_all", broken)
    assert [status for status, _ in asked(secret, person(1), person(2))] == [201, 201]


@contextmanager
def held(take: Callable[[], object]) -> Iterator[None]:
    """Somebody else's transaction, which has taken something and does not end."""
    taken, done = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                take()
                taken.set()
                done.wait(60)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(hold)
        taken.wait(60)
        try:
            yield
        finally:
            done.set()
            holding.result()


def until(there: int) -> bool:
    """Whether so many enquiries are kept before long."""
    deadline = time.monotonic() + 40
    while (is_short := Enquiry.objects.count() < there) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_short


def test_nobody_waits_for_a_lead_that_somebody_else_holds_but_what_is_about_it(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "APART", 60.0)
    ((_, first),) = asked(secret, person(1))
    with ThreadPoolExecutor(1) as thread:
        with held(lambda: bulk.hold([UUID(first["lead"])])):
            found = thread.submit(asked, secret, person(2), again("a"), person(3), again("b"), person(9))
            assert until(1 + 3)
            assert not found.done()
        answers = found.result()
    assert [status for status, _ in answers] == [201] * 5
    assert answers[1][1]["lead"] == answers[3][1]["lead"] == first["lead"]
    assert Enquiry.objects.count() == Submission.objects.count() == 6
    assert Lead.objects.count() == Score.objects.count() == 4


def test_nor_for_a_company_that_somebody_else_is_making(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "TOGETHER", 0.2)
    monkeypatch.setattr(keeping, "APART", 60.0)
    theirs = birth.Person(email="boss@firm0.example", company="Firm 0")
    with ThreadPoolExecutor(1) as thread:
        with held(lambda: birth.accounts([theirs])):
            found = thread.submit(asked, secret, person(5), person(1), person(9))
            assert until(2)
            assert not found.done()
        answers = found.result()
    assert [status for status, _ in answers] == [201] * 3
    assert Lead.objects.count() == Submission.objects.count() == 3


def routed(lead: dict[str, Any]) -> tuple[str, str]:
    """Who has a lead, and why."""
    why = Activity.objects.get(lead_id=lead["lead"], kind="captured").data["why"]
    return Lead.objects.get(pk=lead["lead"]).responsible.name, why.get("because", why["rule"])


def take_turns() -> None:
    with turns.taken(list(sellers().values())):
        pass


def test_new_leads_are_not_refused_while_thousands_of_others_are_handed_on(
    secret: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TOGETHER", 0.2)
    with held(take_turns):
        answers = asked(secret, person(1), person(2))
        assert [status for status, _ in answers] == [201, 201]
        assert [routed(lead) for _, lead in answers] == [("Qualify", "busy")] * 2
    ((_, after),) = asked(secret, person(9))
    assert routed(after) == (alice.name, "round_robin")


def test_who_has_no_room_is_not_waited_for(secret: str, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "TOGETHER", 60.0)
    User.objects.filter(pk=alice.pk).update(lead_cap=0)
    with held(take_turns):
        ((status, lead),) = asked(secret, person(1))
        assert (status, routed(lead)) == (201, ("Qualify", "no_room"))


def test_what_waits_too_long_is_to_be_sent_again_and_nothing_of_it_is_kept(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "APART", 0.2)
    ((_, first),) = asked(secret, person(1))
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": "order-7"}
    with held(lambda: bulk.hold([UUID(first["lead"])])):
        answers = asked(secret, again("Me too"), person(2), key="")
        assert [status for status, _ in answers] == [503, 201]
        refused = Client().post(PATH, person(1), content_type="application/json", headers=headers)
        assert (refused.status_code, refused["Retry-After"]) == (503, "1")
        assert "send it again" in refused.json()["error"]
        assert Enquiry.objects.count() == Submission.objects.count() == 2
    taken = Client().post(PATH, person(1), content_type="application/json", headers=headers)
    assert (taken.status_code, taken.json()["lead"]) == (201, first["lead"])
    assert Enquiry.objects.count() == 3


def test_what_was_said_of_mail_is_kept_as_answered_when_all_is_done_once_more(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def crossing(*given: Any, **more: Any) -> None:
        note(*given, **more)
        tried.append(given)
        if len(tried) == 2:
            raise OperationalError from DeadlockDetected()

    note = saying.note
    monkeypatch.setattr(saying, "note", crossing)
    words = {"purpose": "news", "how": "box", "confirmed": True}
    both = [person(at, consents=[words | {"agreed": agreed}]) for at, agreed in enumerate((True, False))]
    answers = asked(secret, *both)
    assert len(tried) == 4
    results = [said["consents"][0]["result"] for _, said in answers]
    assert results == ["given", "withdrawn"]
    kept = {str(each.pk): each.content["consents"][0]["result"] for each in Submission.objects.all()}
    assert kept == {said["id"]: result for (_, said), result in zip(answers, results, strict=True)}
    assert (outbox.has_consent("anna.0@firm0.example", "news"), len(outbox.consents("anna.0@firm0.example"))) == (
        True,
        1,
    )


def test_who_hangs_up_before_the_answer_has_been_heard(secret: str) -> None:
    async def hung_up() -> None:
        async def otherwise(*_: Any) -> None:
            raise AssertionError

        door = Abreast(otherwise)
        task = asyncio.create_task(door._answer(Asked(secret, "", json.dumps(person(1)).encode())))
        await asyncio.sleep(0)
        task.cancel()
        answer = await door._answer(Asked(secret, "", json.dumps(person(2)).encode()))
        assert answer
        assert answer[0] == 201
        door.rest().result()

    run(hung_up())
    assert Lead.objects.count() == 2


def test_a_lost_lead_that_comes_again_keeps_nobody_waiting_while_others_are_handed_on(
    secret: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TOGETHER", 0.2)
    ((_, first),) = asked(secret, person(1))
    lead_id = UUID(first["lead"])
    leads.close(lead_id, By(people.system(), "web", "lost"), reason=catalog.reason("no_budget"))
    Lead.objects.filter(pk=lead_id).update(owner=None, responsible=people.built_in("qualify"))
    with held(take_turns):
        answers = asked(secret, again("Now we have one."), person(2), person(3))
        assert [status for status, _ in answers] == [201, 201, 201]
        assert Lead.objects.get(pk=lead_id).state == "new"
