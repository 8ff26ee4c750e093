"""Files that go in by themselves: when they have changed, once, as whoever set it up; and what is said otherwise."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import actions, schedules
from ripeline.capture.imports import queries as imports
from ripeline.capture.imports.schedules import ScheduleError
from ripeline.capture.models import CheckResult, ImportCheck, ImportRun, ImportSchedule, ImportState
from ripeline.cli import scheduling
from ripeline.cli.output import Failed
from ripeline.leads.models import Lead
from ripeline.leads.rules import NotAllowed
from ripeline.outbox.models import Message
from ripeline.people.models import Company, User
from ripeline.people.working_time import Calendar
from tests.capture.importing import csv, imported
from tests.capture.web_server import Site, send, serving
from tests.cast import MONDAY
from tests.mail_server import Post

pytestmark = pytest.mark.django_db

FIRST = csv("E-mail,Name", "ann@x.example,Ann Lee", "bo@x.example,Bo Diaz")
SECOND = csv("E-mail,Name", "ann@x.example,Ann Lee", "bo@x.example,Bo Diaz", "cy@x.example,Cy Okafor")
HOUR = timedelta(hours=1)


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings) -> Path:
    settings.INBOX = tmp_path / "inbox"
    settings.INBOX.mkdir()
    return Path(settings.INBOX)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    settings.PRIVATE_HOSTS = ("127.0.0.1",)
    with serving() as found:
        yield found


@pytest.fixture
def known(mona: User) -> None:
    """Somebody has imported a file with these headings before."""
    imported(csv("E-mail,Name", "old@x.example,Old One"), actor=mona)


def put(file: Path, content: bytes, *, ago: float = 60) -> Path:
    """Write a file that has lain there for a while."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    then = file.stat().st_mtime - ago
    os.utime(file, (then, then))
    return file


def hourly(actor: User, place: str, **how: Any) -> ImportSchedule:
    with clock.at(MONDAY):
        return schedules.set_up(actor=actor, place=place, rhythm="hourly", at=time(0, 30), **how)


def passes(hours: float = 1) -> list[ImportCheck]:
    """The worker at work, so many hours after MONDAY; what came of each look so far."""
    with clock.at(MONDAY + hours * HOUR):
        for _ in range(4):
            for pk in schedules.waiting():
                schedules.work(pk)
            for pk in imports.waiting():
                actions.work(pk)
    return list(ImportCheck.objects.select_related("run").order_by("at", "id"))


def results(checks: list[ImportCheck]) -> list[str]:
    return [check.result for check in checks]


def test_a_file_in_the_inbox_goes_in_when_it_is_there_and_only_where_it_has_changed(
    mona: User, inbox: Path, known: None
) -> None:
    schedule = hourly(mona, "crm/leads.csv", policy="always")
    put(inbox / "crm" / "leads.csv", FIRST)
    assert passes(0) == []
    (check,) = passes(1)
    assert check.run
    assert (check.run.state, check.run.created, check.run.started_by, check.run.policy) == ("done", 2, mona, "always")
    assert not check.is_open
    assert results(passes(2)) == ["taken", "same"]
    put(inbox / "crm" / "leads.csv", SECOND)
    checks = passes(3)
    assert results(checks) == ["taken", "same", "taken"]
    assert checks[-1].run
    assert (checks[-1].run.created, checks[-1].run.unchanged) == (1, 2)
    assert Lead.objects.count() == 4
    assert not Message.objects.exists()
    schedule.refresh_from_db()
    assert schedule.next_at == MONDAY + 3.5 * HOUR or schedule.next_at == MONDAY + 4 * HOUR - HOUR / 2


def test_the_newest_of_the_files_that_are_called_so(mona: User, inbox: Path, known: None) -> None:
    hourly(mona, "leads-*.csv")
    put(inbox / "leads-1.csv", FIRST, ago=200)
    put(inbox / "leads-2.csv", SECOND, ago=100)
    put(inbox / "other.csv", b"nothing", ago=50)
    (inbox / "leads-3.csv").symlink_to(inbox / "leads-1.csv")
    (check,) = passes()
    assert check.run
    assert (check.run.filename, check.run.created) == ("leads-2.csv", 3)


def test_nothing_leads_out_of_the_inbox(mona: User, inbox: Path, known: None, tmp_path: Path) -> None:
    put(tmp_path / "secret.csv", FIRST)
    put(tmp_path / "beside" / "secret.csv", FIRST)
    (inbox / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inbox / "folder").symlink_to(tmp_path / "beside")
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "directory.csv").mkdir()
    for place in ("../secret.csv", "/etc/passwd", "a/../../secret.csv", "./x.csv", "a//b.csv", "", "a\\b.csv", "*/x"):
        with pytest.raises(ScheduleError):
            hourly(mona, place)
    for place in ("link.csv", "folder/secret.csv", "pipe.csv", "directory.csv", "nothing.csv", "folder/*.csv"):
        hourly(mona, place)
    checks = passes()
    assert results(checks) == ["failed"] * 6
    assert all(check.problem for check in checks)
    assert Lead.objects.count() == 1


def test_a_file_that_is_being_written_is_waited_for(mona: User, inbox: Path, known: None) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST[:20], ago=0)
    assert passes(1) == []
    put(inbox / "leads.csv", FIRST)
    (check,) = passes(1.01)
    assert check.run
    assert check.run.created == 2


def test_an_address_is_fetched_and_asked_whether_it_has_changed(mona: User, site: Site, known: None) -> None:
    def page(handler: Any) -> None:
        if handler.headers["If-None-Match"] == '"1"':
            send(handler, 304)
        else:
            send(handler, 200, FIRST, ETag='"1"')

    site.pages["/leads.csv"] = page
    schedule = hourly(mona, site.url())
    assert results(passes(1)) == ["taken"]
    assert results(passes(2)) == ["taken", "same"]
    site.pages["/leads.csv"] = FIRST  # the same bytes, without a tag
    assert results(passes(3)) == ["taken", "same", "same"]
    site.pages["/leads.csv"] = SECOND
    assert results(passes(4)) == ["taken", "same", "same", "taken"]
    with clock.at(MONDAY + 4.1 * HOUR):
        schedules.look_now(actor=mona, schedule_id=schedule.pk)
    checks = passes(4.2)
    assert results(checks)[-1] == "taken"  # asked for, it goes in as it is
    assert checks[-1].run
    assert (checks[-1].run.created, checks[-1].run.unchanged) == (0, 3)
    assert Lead.objects.count() == 4


def test_within_the_own_network_only_the_hosts_that_are_named(
    mona: User, site: Site, known: None, settings: Settings
) -> None:
    site.pages["/leads.csv"] = FIRST
    hourly(mona, site.url())
    settings.PRIVATE_HOSTS = ()  # as it is when it is looked at, whatever it was when it was set up
    (check,) = passes()
    assert check.result == CheckResult.FAILED
    assert "RIPELINE_PRIVATE_HOSTS" in check.problem
    assert site.asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.7", "169.254.169.254", "[::1]", "[fd00::7]"]
)
def test_an_address_within_is_refused_when_it_is_typed_unless_its_host_is_named(
    host: str, mona: User, settings: Settings
) -> None:
    settings.PRIVATE_HOSTS = ()
    with pytest.raises(ScheduleError, match="RIPELINE_PRIVATE_HOSTS") as problem:
        hourly(mona, f"http://{host}/leads.csv")
    assert problem.value.field == "place"
    assert not ImportSchedule.objects.exists()
    settings.PRIVATE_HOSTS = (host.strip("[]"),)
    hourly(mona, f"http://{host}/leads.csv")


def test_a_host_that_is_not_there_now_may_be_there_at_night(mona: User) -> None:
    hourly(mona, "https://crm.example.com/leads.csv")
    ImportSchedule.objects.get()


def test_unknown_headings_wait_for_a_person_and_then_go_by_themselves(mona: User, inbox: Path) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST)
    (check,) = passes()
    assert check.result == CheckResult.WAITS
    assert check.run
    assert check.run.state == ImportState.UPLOADED
    assert [message.to_address for message in Message.objects.all()] == ["mona@example.com"]
    assert results(passes(2)) == ["waits", "same"]
    with clock.at(MONDAY + 2.1 * HOUR):
        actions.confirm(actor=mona, run_id=check.run.pk)
    passes(2.2)
    put(inbox / "leads.csv", SECOND)
    checks = passes(3)
    assert results(checks) == ["waits", "same", "taken"]
    assert Lead.objects.count() == 3
    assert ImportRun.objects.count() == 2


def test_who_set_it_up_is_written_to_once_until_it_has_gone_well_again(mona: User, inbox: Path, known: None) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", b"")
    assert results(passes(1)) == ["failed"]
    assert results(passes(2)) == ["failed", "failed"]
    (message,) = Message.objects.all()
    assert (message.kind, message.to_address) == ("import_stopped", "mona@example.com")
    put(inbox / "leads.csv", FIRST)
    passes(3)
    put(inbox / "leads.csv", b"")
    assert results(passes(4)) == ["failed", "failed", "taken", "failed"]
    assert Message.objects.count() == 2


def minutes(*after: float) -> list[int]:
    """In which of these minutes after the first failure the file is looked at again."""
    return [when for when in after if len(passes(1 + (when - 0.5) / 60)) < len(passes(1 + when / 60))]  # type: ignore[misc]


def test_what_may_pass_is_tried_again_soon_and_only_then_told(mona: User, inbox: Path, known: None) -> None:
    with clock.at(MONDAY):
        schedules.set_up(actor=mona, place="leads.csv", rhythm="daily", at=time(11, 0))
    (check,) = passes(1)
    assert "no file leads.csv in the inbox" in check.problem
    assert minutes(4, 5, 24, 25, 84) == [5, 25]
    assert not Message.objects.exists()
    assert minutes(85, 300, 900) == [85]
    assert [message.kind for message in Message.objects.all()] == ["import_stopped"]
    assert minutes(24 * 60, 24 * 60 + 5) == [24 * 60, 24 * 60 + 5]  # the next day
    put(inbox / "leads.csv", FIRST)
    assert results(passes(1 + 24 + 25 / 60))[-1] == "taken"
    assert minutes(24 * 60 + 85) == []
    assert Message.objects.count() == 1
    (inbox / "leads.csv").unlink()
    passes(1 + 48)
    assert minutes(48 * 60 + 5, 48 * 60 + 25, 48 * 60 + 85) == [48 * 60 + 5, 48 * 60 + 25, 48 * 60 + 85]
    assert Message.objects.count() == 2


def test_it_is_not_tried_again_when_its_next_time_comes_before(mona: User, inbox: Path, known: None) -> None:
    hourly(mona, "leads.csv")
    passes(0.5)
    assert minutes(-25, -5) == [-25, -5]  # at 35 and 55 past ten
    assert ImportSchedule.objects.get().again_at is None
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "tries"), [(500, 2), (503, 2), (429, 2), (404, 1), (403, 1), (410, 1)]
)  # fmt: skip
def test_an_answer_that_may_be_another_soon(status: int, tries: int, mona: User, site: Site, known: None) -> None:
    site.pages["/leads.csv"] = lambda handler: send(handler, status)
    hourly(mona, site.url())
    passes(0.5)
    assert results(passes(0.6)) == ["failed"] * tries
    assert Message.objects.count() == (0 if tries > 1 else 1)


def test_a_host_that_does_not_answer_or_breaks_off_may_be_back(mona: User, site: Site, known: None) -> None:
    site.pages["/leads.csv"] = lambda handler: send(handler, 200, FIRST, **{"Content-Length": "999999"})
    hourly(mona, site.url())
    hourly(mona, "http://127.0.0.1:9/leads.csv")
    assert {check.problem for check in passes(0.5)} == {
        "127.0.0.1 broke off in the middle of the file.", "127.0.0.1 cannot be reached (Connection refused).",
    }  # fmt: skip
    site.pages["/leads.csv"] = FIRST
    assert sorted(results(passes(0.6))) == ["failed", "failed", "failed", "taken"]
    assert not Message.objects.exists()


def test_pausing_ends_it_and_asked_for_by_hand_it_begins_anew(mona: User, inbox: Path, known: None) -> None:
    schedule = hourly(mona, "leads.csv")
    passes(0.5)
    schedules.pause(actor=mona, schedule_id=schedule.pk)
    assert minutes(-20, 60) == []
    with clock.at(MONDAY + 2 * HOUR):
        schedules.look_now(actor=mona, schedule_id=schedule.pk)
    assert len(passes(2)) == 2
    assert minutes(66) == []  # nobody wants it while it is paused
    assert Message.objects.count() == 1


def test_an_import_that_broke_on_our_side_is_gone_on_with_soon(
    mona: User, inbox: Path, known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST)
    with monkeypatch.context() as broken:
        broken.setattr("ripeline.capture.imports.runs.count", lambda *_: 1 / 0)
        assert results(passes(0.5)) == ["failed"]
    assert results(passes(0.6)) == ["failed", "taken"]
    assert Lead.objects.count() == 3
    assert not Message.objects.exists()


def test_who_heard_of_it_before_the_upgrade_is_not_written_to_again(mona: User, inbox: Path, known: None) -> None:
    failing, fine = hourly(mona, "leads.csv"), hourly(mona, "other.csv")
    put(inbox / "leads.csv", b"")
    put(inbox / "other.csv", FIRST)
    passes(1)
    ImportSchedule.objects.update(is_told=False)
    with connection.cursor() as cursor:
        cursor.execute(import_module("ripeline.migrations.0033_scheduled_again").TOLD)
    assert dict(ImportSchedule.objects.values_list("pk", "is_told")) == {failing.pk: True, fine.pk: False}
    passes(2)
    assert Message.objects.count() == 1


def test_the_letter_says_which_file_and_what_is_wrong(
    mona: User, inbox: Path, post: Post, send_all: Callable[[], None]
) -> None:
    hourly(mona, "leads.csv")
    for hours in (0.5, 0.6, 0.95):
        passes(hours)
    with clock.at(MONDAY + HOUR):
        send_all()
    (letter,) = post.received
    assert letter.to == "mona@example.com"
    assert "There is no file leads.csv in the inbox." in letter.text
    assert f"/imports/scheduled/{ImportSchedule.objects.get().pk}" in letter.text


def test_an_import_that_failed_is_said_and_gone_on_with(
    mona: User, inbox: Path, known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST)
    with monkeypatch.context() as broken:
        broken.setattr("ripeline.capture.imports.runs.MOST_ROWS", 1)
        (check,) = passes(1)
    assert (check.result, check.is_open) == (CheckResult.FAILED, False)
    assert "at most 1 can be imported" in check.problem
    assert Message.objects.count() == 1


def test_one_at_a_time(mona: User, inbox: Path, known: None) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST)
    for hours in (1, 2, 3):
        with clock.at(MONDAY + hours * HOUR):
            for pk in schedules.waiting():
                schedules.work(pk)
        put(inbox / "leads.csv", SECOND)
    assert ImportRun.objects.exclude(state=ImportState.DONE).count() == 1  # it waits, and the next waits for it
    assert results(passes(4)) == ["taken", "taken"]


def test_who_may_no_longer_import_does_not_by_way_of_a_schedule(
    mona: User, ada: User, inbox: Path, known: None
) -> None:
    hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST)
    User.objects.filter(pk=mona.pk).update(role="rep")
    (check,) = passes()
    assert check.result == CheckResult.FAILED
    assert Lead.objects.count() == 1


def test_paused_resumed_changed_and_removed(mona: User, inbox: Path, known: None) -> None:
    schedule = hourly(mona, "leads.csv")
    put(inbox / "leads.csv", FIRST)
    schedules.pause(actor=mona, schedule_id=schedule.pk)
    assert passes(5) == []
    with clock.at(MONDAY + 5 * HOUR):
        schedules.resume(actor=mona, schedule_id=schedule.pk)
    assert results(passes(6)) == ["taken"]
    with clock.at(MONDAY + 6 * HOUR):
        schedules.set_up(
            actor=mona, place="leads.csv", rhythm="daily", at=time(9), kind="leads", schedule_id=schedule.pk
        )
    assert results(passes(100)) == ["taken", "taken"]  # as another kind it is another file
    schedules.remove(actor=mona, schedule_id=schedule.pk)
    schedules.remove(actor=mona, schedule_id=schedule.pk)
    assert not ImportCheck.objects.exists()
    assert Lead.objects.count() == 3


def test_whose_it_is(mona: User, sam: User, ada: User, alice: User, carol: User) -> None:
    sams = hourly(sam, "leads.csv")
    for seeing in (sam, mona, ada, carol):  # Carol leads Sam's team
        assert list(schedules.seen(seeing)) == [sams], seeing.name
    monas = hourly(mona, "leads.csv")
    assert list(schedules.seen(sam)) == [sams]
    verbs: list[Callable[..., object]] = [schedules.pause, schedules.resume, schedules.look_now]
    for verb in verbs:
        with pytest.raises(NotAllowed):
            verb(actor=sam, schedule_id=monas.pk)
    schedules.remove(actor=sam, schedule_id=monas.pk)
    assert ImportSchedule.objects.count() == 2
    with pytest.raises(NotAllowed):
        hourly(alice, "leads.csv")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


LISBON = Calendar(zone=ZoneInfo("Europe/Lisbon"))
KATHMANDU = Calendar(zone=ZoneInfo("Asia/Kathmandu"))  # 5:45 ahead


@pytest.mark.parametrize(
    ("rhythm", "at", "weekday", "after", "calendar", "then"),
    [
        ("hourly", time(0, 30), 0, utc(2026, 6, 1, 8, 0), LISBON, utc(2026, 6, 1, 8, 30)),
        ("hourly", time(0, 30), 0, utc(2026, 6, 1, 8, 30), LISBON, utc(2026, 6, 1, 9, 30)),
        ("hourly", time(0, 0), 0, utc(2026, 6, 1, 8, 0), KATHMANDU, utc(2026, 6, 1, 8, 15)),
        ("daily", time(6, 0), 0, utc(2026, 6, 1, 4, 0), LISBON, utc(2026, 6, 1, 5, 0)),
        ("daily", time(6, 0), 0, utc(2026, 6, 1, 5, 0), LISBON, utc(2026, 6, 2, 5, 0)),
        ("daily", time(6, 0), 0, utc(2026, 10, 24, 6, 0), LISBON, utc(2026, 10, 25, 6, 0)),  # winter time
        ("weekly", time(6, 0), 2, utc(2026, 6, 1, 8, 0), LISBON, utc(2026, 6, 3, 5, 0)),
        ("weekly", time(6, 0), 0, utc(2026, 6, 1, 8, 0), LISBON, utc(2026, 6, 8, 5, 0)),
    ],
)  # fmt: skip
def test_the_next_time_by_the_companys_clock(
    rhythm: str, at: time, weekday: int, after: datetime, calendar: Calendar, then: datetime
) -> None:
    found = schedules.coming(rhythm, at, weekday, after=after, calendar=calendar)
    assert found == then


def test_a_company_far_away_has_its_own_morning(mona: User, inbox: Path) -> None:
    Company.objects.update(time_zone="Asia/Tokyo")
    with clock.at(datetime(2026, 6, 1, 0, 0, tzinfo=UTC)):
        made = schedules.set_up(actor=mona, place="a.csv", rhythm="daily", at=time(6, 0))
    assert made.next_at == datetime(2026, 6, 1, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "rhythm", "weekday", "at"),
    [
        ("hourly :15", "hourly", 0, time(0, 15)), ("daily 06:30", "daily", 0, time(6, 30)),
        ("Daily 6:30", "daily", 0, time(6, 30)), ("wed 23:59", "weekly", 2, time(23, 59)),
        ("monday 06:30", "weekly", 0, time(6, 30)),
    ],
)  # fmt: skip
def test_the_command_sets_one_up_as_ripeline_itself(when: str, rhythm: str, weekday: int, at: time) -> None:
    scheduling.set_up(when, "leads.csv", kind="", policy="")
    made = ImportSchedule.objects.get()
    assert (made.rhythm, made.weekday, made.at, made.made_by.is_system) == (rhythm, weekday, at, True)


@pytest.mark.parametrize("when", ["", "daily", "yearly 06:30", "t 06:30", "daily 24:00", "daily 06:60", "weekly 06:30"])
def test_the_command_says_how_a_time_is_written(when: str) -> None:
    with pytest.raises(Failed, match="is not like"):
        scheduling.set_up(when, "leads.csv", kind="", policy="")
    with pytest.raises(Failed, match="Name the file as it is called in the inbox"):
        scheduling.set_up("daily 06:30", "../leads.csv", kind="", policy="")


OPEN = csv("Name,E-mail,Status,Owner", "Ann,ann@x.example,open,Mona", "Bo,bo@x.example,open,Mona")
CLOSED = csv("Name,E-mail,Status,Owner", "Ann,ann@x.example,lost,", "Bo,bo@x.example,open,")


def states() -> dict[str, str]:
    return dict(Lead.objects.order_by("name").values_list("name", "state"))


@pytest.mark.parametrize(("closes", "then"), [(None, "lost"), (True, "lost"), (False, "new")])
def test_a_schedule_closes_who_is_open_here_as_its_page_says_a_new_one_without_a_word(
    mona: User, inbox: Path, closes: bool | None, then: str
) -> None:
    with clock.at(MONDAY):
        imported(OPEN)
    made = hourly(mona, "crm.csv", closes=closes)
    put(inbox / "crm.csv", CLOSED)
    assert results(passes(1)) == ["taken"]
    assert states()["Ann"] == then
    hourly(mona, "crm.csv", schedule_id=made.pk)
    made.refresh_from_db()
    assert made.closes is (closes is not False), "who changes something else leaves that as it is"
    hourly(mona, "crm.csv", schedule_id=made.pk, closes=True)
    put(inbox / "crm.csv", CLOSED.replace(b"Bo,bo@x.example,open", b"Bo,bo@x.example,lost"))
    passes(2)
    assert states() == {"Ann": "lost", "Bo": "lost"}, "that it left them open once is not remembered as a wish"


def test_a_schedule_leaves_them_open_where_that_was_said_by_hand(mona: User, inbox: Path) -> None:
    with clock.at(MONDAY):
        imported(OPEN, said=Said(closes=False))
    hourly(mona, "crm.csv")
    for hours in (1, 2, 3):
        put(inbox / "crm.csv", CLOSED + b"\n" * hours)
        passes(hours)
        assert states()["Ann"] == "new"
