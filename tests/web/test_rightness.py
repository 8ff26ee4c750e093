"""The page "Is the model right?": its words, its figures, its file; who may see it."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.ripeness.models import KeptWord, Watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def a_record():
    """What was said and what came, and sixty quiet days."""
    for band, n, did, mean in ((0, 900, 9, 0.01), (2, 500, 27, 0.05), (5, 100, 19, 0.2)):
        KeptWord.objects.create(band=band, by_rule=True, n=n, did=did, said=mean, counted_at=clock.now())
    today = clock.now().date()
    Watched.objects.bulk_create(
        Watched(day=today - timedelta(days=back), source_type="webinar", expected=1.0, actual=1, model="run-2")
        for back in range(1, 61)
    )


def page(client, user, name="/insight/model"):
    client.force_login(user)
    return client.get(name)


def test_on_the_first_day_it_says_what_it_is_waiting_for(client, carol):
    text = page(client, carol).content.decode()
    assert "Nothing can be said yet" in text
    assert "The Rule of 45" in text
    assert "<svg" not in text.partition("<main")[2].partition("</main>")[0].replace('<svg class="icon', "")


@pytest.mark.usefixtures("a_record")
def test_the_pictures_stand_beside_their_tables(client, carol):
    text = page(client, carol).content.decode()
    assert text.count('<svg class="chart"') == 4  # two pictures, for wide and for narrow windows
    assert "4 to 6 %" in text
    assert "Within" in text
    assert "Webinar" in text


@pytest.mark.usefixtures("a_record")
def test_the_same_figures_come_as_a_file(client, mona):
    answer = page(client, mona, "/insight/model.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Said from %,Said up to %,Times said")
    assert "4,6,500,27,5.0,5.4," in lines[2]
    assert any(line.startswith("Four weeks up to") for line in lines)


def test_a_rep_is_not_offered_it_and_is_refused(client, alice):
    assert b"Is the model right?" not in page(client, alice, "/insight").content
    assert page(client, alice).status_code == 403


def test_a_leader_goes_from_one_page_to_the_other(client, carol):
    assert b'href="/insight/model"' in page(client, carol, "/insight").content


@pytest.mark.usefixtures("a_record")
def test_the_page_costs_the_same_few_questions_to_the_database(client, carol, django_assert_max_num_queries):
    client.force_login(carol)
    client.get("/insight/model")
    with django_assert_max_num_queries(16):
        client.get("/insight/model")
