"""The cells of the list are made without templates, so what escapes elsewhere by itself is held to it here."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.base.settled import look
from ripeline.catalog.actions import campaigns_named
from ripeline.catalog.models import CloseReason, CustomField, Source
from ripeline.leads.finding import columns, rows
from ripeline.leads.finding.rows import Row
from ripeline.leads.models import Enquiry, Lead, NextKind, State
from ripeline.leads.rules import Verb
from ripeline.people.models import Responsible, Role, User
from ripeline.ripeness.queries import Chances
from ripeline.web.frame import selects
from ripeline.web.frame.moments import Moments
from ripeline.web.lists import columns as cells
from tests.cast import MakeLead
from tests.web.reading import Read, read

NOW = datetime(2026, 6, 2, 10, 0, tzinfo=UTC)
HOSTILE = st.text(max_size=40) | st.sampled_from(
    ['"><img src=x onerror=alert(1)>', "</td><script>1</script>", "' onmouseover='x", "&lt;b&gt;", "2026-0<b>x"]
)
TEXTS = ("name", "email", "phone", "company", "title", "country", "language", "reference")
FIELDS = [CustomField(key="said", label='La"be<l')]
KNOWN = columns.all_columns(FIELDS)


def row_of(text: str) -> Row:
    """A row in which each text that a person can write is `text`."""
    holder = User(id=UUID(int=2), name=text)
    lead = Lead(
        id=UUID(int=3), owner=holder, responsible=Responsible(kind="rep", user=holder, name=text),
        source=Source(name=text), close_reason=CloseReason(label=text), state=State.WORKING, next_kind=NextKind.MEETING,
        captured_at=NOW, last_touch_at=NOW, next_at=NOW, amount=Decimal("12.5"), touches=3, custom={"said": text},
        currency=text, **dict.fromkeys(TEXTS, text),
    )  # fmt: skip
    return Row(
        lead,
        frozenset(Verb),
        User(id=UUID(int=1), role=Role.ADMIN),
        {"campaigns": text, "other_phones": text, "deals": None},
    )


def shown(text: str) -> str:
    styled = [(column, cells.css(column, is_chosen=True)) for column in KNOWN.values()]
    row = row_of(text)
    with clock.at(NOW), timezone.override(UTC):
        return str(cells.lines([row], {row.id: Chances(0.4, 0.5)}, styled))


def test_mona_who_sees_no_next_step_has_no_column_of_it(mona: User, alice: User, make_lead: MakeLead) -> None:
    make_lead(alice)
    for user, has in ((mona, False), (alice, True)):
        client = Client()
        client.force_login(user)
        for path in ("/leads?view=all", "/leads?view=all&cols=state,next"):
            assert ('id="order-next"' in client.get(path).text) is has


def test_a_day_in_a_field_of_ones_own_is_written_as_a_day_on_the_record_too(alice: User, make_lead: MakeLead) -> None:
    CustomField.objects.create(key="fair", label="Met on", field_type="date")
    lead = make_lead(alice, custom={"fair": "2026-03-05"})
    client = Client()
    client.force_login(alice)
    assert "<dt>Met on</dt><dd>5 March 2026</dd>" in client.get(f"/leads/{lead.pk}").text


def test_a_next_step_that_is_not_theirs_to_see_says_so() -> None:
    seen = row_of("Priya")
    for verbs, says in ((frozenset(Verb), False), (frozenset(Verb) - {Verb.SEE_NEXT}, True)):
        row = Row(seen.lead, verbs, seen.viewer)
        with clock.at(NOW), timezone.override(UTC):
            cell = str(cells.lines([row], {}, [(KNOWN["next"], "next")]))
        assert ("not shown to your role" in cell) is says


@given(HOSTILE)
def test_whatever_somebody_is_called_is_text_in_every_column(text: str) -> None:
    plain, hostile = read(shown("Plain")), read(shown(f"x{text}"))
    assert hostile.tags == plain.tags  # not a tag and not an attribute more
    if "\r" not in text and "\x00" not in text:
        assert any(text in value for value in hostile.values)


@given(st.timedeltas(min_value=timedelta(days=-20_000), max_value=timedelta(days=20_000)))
def test_a_moment_is_said_with_no_character_that_needs_escaping(apart: timedelta) -> None:
    moment = NOW + apart
    said = Moments(NOW, timezone.get_default_timezone())
    for html in (said.when(moment), said.due(moment), said.on(moment.date())):
        tags = re.sub(r"<(/?)(time|span)( [a-z]+=\"[A-Za-z0-9 ,:+-]+\")*>", "", html)
        assert not set(tags) & set("<>&\"'"), html


@pytest.mark.django_db
def test_a_row_is_read_in_one_query_and_holds_what_the_record_holds(
    alice: User, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    lead = make_lead(alice, name="Ann", company="North & Sons")
    rows.read(alice, [lead.pk])  # what seldom changes is known from here on
    with look(), django_assert_num_queries(1):
        rows.read(alice, [lead.pk])
    (row,) = rows.read(alice, [lead.pk])
    assert row.lead == lead
    for name in rows._LEAD:
        assert getattr(row.lead, name) == getattr(lead, name), name
    assert (row.lead.owner, row.lead.responsible, row.lead.responsible.user) == (alice, lead.responsible, alice)
    assert row.lead.source == lead.source
    assert row.lead.search == lead.search  # what was not read comes when it is asked for


@pytest.mark.django_db
def test_the_campaigns_of_a_page_are_read_in_one_query_with_those_of_merged_records(
    alice: User, mallory: User, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    spring, fair = campaigns_named(["Spring", "Fair & more"]).values()
    leads = [make_lead(alice, name=f"Lead {n}") for n in range(4)]
    gone = make_lead(alice, name="Lead 0 as well")
    for lead, campaign in ((leads[0], spring), (leads[0], spring), (gone, fair), (leads[1], fair)):
        Enquiry.objects.create(lead=lead, campaign=campaign, door="import", captured_at=clock.now())
    Lead.objects.filter(pk=gone.pk).update(merged_into=leads[0])
    rows.read(alice, [lead.pk for lead in leads])
    with look(), django_assert_num_queries(2):
        found = rows.read(alice, [lead.pk for lead in leads])
        made = cells.lines(found, {}, [(columns.COLUMNS["campaign"], "x")])
    assert [row.campaigns for row in found] == ["Spring, Fair & more", "Fair & more", "", ""]
    assert "Fair &amp; more</td>" in made
    theirs = rows.read(mallory, [lead.pk for lead in leads])
    columns.complete(theirs, ["campaign"])
    assert {row.campaigns for row in theirs} == {""}, "not hers to see"


@given(HOSTILE)
def test_whatever_a_source_or_a_column_is_called_is_text_in_the_choices_too(text: str) -> None:
    def made(named: str) -> Read:
        own = columns.own(CustomField(key=named, label=named))
        chooser = cells.chooser([own], [own], is_chosen=True)
        chosen = selects.of_list("source", named, {named: named, "b": "B"}, named, any_words=named)
        return read(f"{chooser}{chosen}")

    plain, hostile = made("Plain"), made(f"x{text}")
    assert hostile.tags == plain.tags
    assert ("option", ("value", "selected")) in hostile.tags


@pytest.mark.django_db
def test_a_whole_lead_holds_every_column_and_whose_it_is(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, name="Ann", company="North & Sons")
    queued = make_lead(None, name="Bo", company="")
    gone = make_lead(alice, name="Gone")
    Lead.objects.filter(pk=lead.pk).update(custom={"seats": 3, "said": "“x”"})
    Lead.objects.filter(pk=gone.pk).update(merged_into=lead)
    found = rows.whole([lead.pk, queued.pk, gone.pk])
    assert set(found) == {lead.pk, queued.pk}
    for each in Lead.objects.filter(pk__in=found):
        for field in Lead._meta.concrete_fields:
            assert getattr(found[each.pk], field.attname) == getattr(each, field.attname), field.attname
        assert str(found[each.pk].account) == str(each.account)
        assert (found[each.pk].owner, found[each.pk].responsible) == (each.owner, each.responsible)
