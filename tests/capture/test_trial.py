"""A dry run says exactly what the import then does, to counts, changes, refusals and remarks; and leaves nothing."""

import threading
import time
from random import Random

import psycopg
import pytest
from django.db import connection

from ripeline.capture.imports import actions, queries, trial
from ripeline.capture.imports.trial import Trial, TrialError
from ripeline.capture.models import ImportPolicy, ImportRun
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import again, begun, counts, csv, imported, outcomes
from tests.cast import by

HEAD = "E-mail,Id,Name,Company,Size,Owner,Created"
NAMES = ("Ann", "Bo", "Cem", "Dora", "", "Élise")


def rows(random: Random, n: int) -> list[str]:
    """People who repeat, differ, came long ago or in no year at all, and some who are nobody."""
    found = []
    for _ in range(n):
        who = random.randrange(n)
        address = random.choice((f"p{who}@x.example", f"p{who}@x.example", "", "no address"))
        number = random.choice((f"K{who}", f"K{random.randrange(n)}", ""))
        day = random.choice(("2026-05-10", "2026-05-20", "2019-03-01", "31/31/2026", ""))
        cells = (address, number, random.choice(NAMES), random.choice(("Helio", "Nordic", "")), random.choice("123"))
        found.append(",".join((*cells, random.choice(("", "", "nobody@here.example")), day)))
    return found


def tried(content: bytes, *, actor: User | None = None, **how: object) -> Trial:
    """A file tried, from its upload on."""
    limits = {name: how.pop(name) for name in ("most", "size") if name in how}
    return trial.attempt(lambda: begun(content, actor=actor, **how), actor=actor or people.system(), **limits)  # type: ignore[arg-type]


def tables() -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a digest of all they say."""
    found = {}
    with connection.cursor() as cursor:
        for name in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{name}" t')
            found[name] = cursor.fetchone()
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("policy", ImportPolicy.values)
def test_what_is_said_is_what_then_happens_and_trying_leaves_no_trace(policy: str, ada: User) -> None:
    random = Random(policy)
    imported(csv(HEAD, *rows(random, 60)))
    for lead in Lead.objects.filter(merged_into=None).order_by("pk")[:10]:
        leads.edit(lead.pk, by(ada), fields={"name": "By hand"})
    two = ("fay@x.example,F1,Fay,,1,,2019-03-01", "gus@x.example,G1,Gus,,1,,", "fay@x.example,G1,Fay,,1,,")
    file = csv(HEAD, *rows(random, 90), *two, *["hal@x.example,,Hal,,1,,2026-05-10"] * 2)
    before = tables()
    said = tried(file, policy=policy, size=25)
    assert tables() == before
    run = imported(file, policy=policy, size=25)
    assert said.is_whole
    assert (said.created, said.updated, said.unchanged, said.rejected) == counts(run)
    assert (said.rows, said.reopened) == (run.rows, run.reopened)
    assert all((said.created, said.unchanged, said.rejected, said.reopened)), "the file has one of each"
    assert list(said.rejects) == list(queries.rejects(run, trial.SHOWN))
    assert said.remarks == queries.remarked(run, is_tried=True)
    assert (said.changed, said.changes) == trial._changes(run.pk, people.system(), trial.SHOWN)
    assert said.changes, "some record says something else"


@pytest.mark.django_db
def test_each_changed_field_is_shown_as_it_is_and_as_it_would_be() -> None:
    imported(csv(HEAD, "a@x.example,,Ann,,1,,2026-05-10"))
    said = tried(csv(HEAD, "a@x.example,,Anna,Helio,2,,2026-05-10", "b@x.example,,Bo,,1,,", "b@x.example,,Bob,,1,,"))
    assert (said.created, said.updated, said.unchanged, said.changed) == (1, 1, 1, 1)
    assert {(one.field, one.before, one.after) for one in said.changes} == {
        ("Name", "Ann", "Anna"), ("Company", "", "Helio"), ("Size", "1", "2"),
    }  # fmt: skip


@pytest.mark.django_db
def test_deals_are_tried_too() -> None:
    imported(csv(HEAD, "a@x.example,,Ann,,1,,2026-05-10"))
    file = csv("E-mail,Won on", "a@x.example,2026-05-20", "z@x.example,2026-05-20")
    before = tables()
    said = trial.attempt(lambda: begun(file, kind="outcomes", name="deals.csv"), actor=people.system())
    assert tables() == before
    assert (said.created, said.updated, said.unchanged, said.rejected) == counts(outcomes(file)) == (0, 1, 0, 1)


@pytest.mark.django_db
def test_of_a_large_file_the_first_rows_are_tried_and_that_is_said() -> None:
    said = tried(csv("E-mail", *(f"p{n}@x.example" for n in range(25))), most=10, size=5)
    assert (said.rows, said.total, said.created) == (10, 25, 10)
    assert said.why_not_whole.startswith("This is what the first 10 of 25 rows would do; no more")


@pytest.mark.django_db
def test_an_import_broken_off_is_tried_from_where_it_stopped() -> None:
    run = begun(csv("E-mail", *(f"p{n}@x.example" for n in range(10))))
    actions.work(run.pk, size=4, is_stopping=lambda: again(run).position >= 4)
    said = trial.attempt(lambda: again(run), actor=people.system())
    assert (said.rows, said.total, said.created) == (6, 6, 6)
    assert again(run).position == 4


@pytest.mark.django_db
def test_nobody_is_shown_what_a_record_says_that_they_may_not_see(sam: User, mallory: User) -> None:
    imported(csv(HEAD, f"a@x.example,,Ann,,1,{mallory.email},2026-05-10"))
    file = csv(HEAD, "a@x.example,,Anna,,2,,2026-05-10")
    assert tried(file).changes
    said = tried(file, actor=sam)
    assert (said.updated, said.changed, said.changes) == (1, 1, [])


def waiting(cursor_of: psycopg.Connection) -> bool:
    found = cursor_of.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return bool(found and found[0])


@pytest.mark.django_db(transaction=True)
def test_it_neither_waits_long_for_others_nor_lets_them_wait() -> None:
    imported(csv("E-mail,Name", "a@x.example,Ann"))
    file = csv("E-mail,Name", "a@x.example,Anna", "b@x.example,Bo", "c@x.example,Cem")
    params = connection.get_connection_params()
    with psycopg.connect(**params) as other:
        other.execute("SELECT 1 FROM lead FOR UPDATE")
        with pytest.raises(TrialError, match="Somebody is changing the same records"):
            tried(file)
    assert ImportRun.objects.count() == 1

    someone = threading.Thread(target=lambda: _touch(params))

    def begin() -> ImportRun:
        """Somebody comes to a record that is held already."""
        Lead.objects.select_for_update().get(email="a@x.example")
        someone.start()
        with psycopg.connect(**params, autocommit=True) as watch:
            until = time.monotonic() + 30
            while not waiting(watch) and time.monotonic() < until:
                time.sleep(0.02)
        return begun(file)

    said = trial.attempt(begin, actor=people.system(), size=1)
    someone.join(30)
    assert (said.rows, said.total, said.made_way) == (1, 3, True)
    assert "it made way for somebody" in said.why_not_whole
    assert Lead.objects.get().phone == "+49 30 1", "whoever waited got on"
    assert not Activity.objects.filter(kind="imported").exists()


def _touch(params: dict[str, object]) -> None:
    with psycopg.connect(**params) as own:  # type: ignore[arg-type]
        own.execute("UPDATE lead SET phone = '+49 30 1' WHERE email = 'a@x.example'")


@pytest.mark.django_db
def test_what_was_only_tried_is_not_said_to_have_gone_in(ada: User) -> None:
    rows_ = csv("E-mail,Owner,Created", "a@x.example,Gone Person,2026-05-10", "b@x.example,Gone Person,2026-05-10")
    said = ["2 rows name an owner who is not here: Gone Person. They would be handed out by the rules."]
    assert list(tried(rows_, actor=ada).remarks) == said
    firms = csv("Company name,Company domain name,Company owner", "Rhein GmbH,rhein.example,Gone Person")
    said = ["One row names an owner who is not here: Gone Person. It would go in without one."]
    assert list(tried(firms, actor=ada, kind="companies", name="firms.csv").remarks) == said
    run = imported(firms, kind="companies", name="firms.csv")
    assert queries.remarked(run) == [said[0].replace("would go", "went")]


@pytest.mark.django_db
def test_more_rows_that_stay_out_than_are_listed_are_counted(ada: User) -> None:
    found = tried(csv("Id,Won date", *(f"{n},2026-03-01" for n in range(16))), actor=ada, kind="outcomes")
    assert (found.rejected, len(found.rejects), found.rejects_left) == (16, 12, 4)
