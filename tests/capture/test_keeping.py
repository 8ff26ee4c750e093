"""What is sent, kept and admitted in one transaction: what comes in between changes nothing of what becomes of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ripeline.base import clock
from ripeline.capture.arriving import keeping
from ripeline.capture.doors import machines
from ripeline.capture.models import Submission
from ripeline.leads.models import Enquiry, Lead
from ripeline.people import keys
from ripeline.people.models import ApiKey, User
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.models import Score


@pytest.fixture
def key(ada: User) -> ApiKey:
    return keys.issue(actor=ada, name="Web shop", scopes=["capture"])[0]


def sent(key: ApiKey, email: str, number: str, at: datetime | None = None) -> Submission:
    entry = machines.Entry(fields={"email": email, "company": "Firm", "title": "Director"}, captured_at=at)
    return machines.submission_of(key=key, entry=entry, idempotency_key=number)


def keep(*submissions: Submission) -> Any:
    return keeping.keep_all([(each, 100) for each in submissions])


def test_whoever_came_together_is_scored_as_one_by_one(key: ApiKey) -> None:
    now = clock.now()
    with clock.at(now):
        keep(
            sent(key, "ann@firm.example", "1", now - timedelta(days=20)),
            sent(key, "bo@firm.example", "2"),
            sent(key, "ann@firm.example", "3", now - timedelta(hours=1)),
        )
        names = ("lead_id", "p_30", "p_ever", "signals", "stage", "reasons")
        before = list(Score.objects.order_by("pk").values_list(*names))
        assert ripeness.rescore([pk for pk, *_ in before]) == 2
        assert list(Score.objects.order_by("pk").values_list(*names)) == before
    assert Enquiry.objects.count() == 3
    assert sorted(signals != 0 for _, _, _, signals, *_ in before) == [False, True]  # she came again


def test_what_another_process_has_just_kept_is_the_same_and_counts_once(
    key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((first, is_new),) = keep(sent(key, "ann@firm.example", "1"))
    assert is_new
    look_back, looked = keeping._look_back, []

    def before_it_was_kept(*given: Any) -> Any:
        lately, here = look_back(*given)
        looked.append(here)
        return lately, here if len(looked) > 1 else set()

    monkeypatch.setattr(keeping, "_look_back", before_it_was_kept)
    (again, other) = keep(sent(key, "ann@firm.example", "1"), sent(key, "bo@firm.example", "2"))
    assert len(looked) == 2
    assert (again[0].lead_id, again[1], other[1]) == (first.lead_id, False, True)
    assert Lead.objects.count() == Submission.objects.count() == Enquiry.objects.count() == 2


def test_people_of_a_new_company_and_of_a_known_one_come_together(key: ApiKey) -> None:
    keep(sent(key, "ann@firm.example", "1"))
    keep(
        *(sent(key, f"{name}@{firm}.example", f"{name} {firm}") for name in ("bo", "cy") for firm in ("firm", "other"))
    )
    accounts = list(Lead.objects.values_list("account__key", flat=True))
    assert sorted(accounts) == ["d:firm.example"] * 3 + ["d:other.example"] * 2
