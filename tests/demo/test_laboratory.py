"""The page that runs scenarios against the site that shows it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.accounts import asking
from apps.accounts.models import User
from apps.demo import scenarios
from apps.demo.mailbox import NOWHERE
from apps.site.limits import CLIENT, SITE
from tests.factories import UserFactory
from tests.site.test_csp import inline_code
from tests.support.pages import problems_of

pytestmark = pytest.mark.django_db(transaction=True)

LABORATORY = reverse("demo:laboratory")
TOO_LATE = "presses-buttons"


@pytest.fixture(autouse=True)
def debug(settings):
    settings.DEBUG = True


def press(client, scenario):
    return client.post(LABORATORY, {"scenario": scenario})


def everything():
    """Every row of the database."""
    return {model: list(model._base_manager.order_by("pk").values()) for model in apps.get_models()}


def test_a_press_shows_who_came_what_was_answered_and_what_is_true(client):
    page = press(client, TOO_LATE)

    text = " ".join(page.text.split())
    assert "It ended as it must" in text
    assert "A bot opens the link and presses the first button of the page" in text
    assert "<code>POST /accounts/login/link/</code>" in text
    assert "0 → 1" in text
    assert "A bot, as the owner" in text
    assert "403, This link has already been used" in text
    assert "Is a use left?" in text
    assert "The owner is told, by an email with a button that ends it." in text
    assert "Not true" not in text


def test_what_does_not_come_true_is_said_to_be_so(client, monkeypatch):
    [forwarded] = [scenario for scenario in scenarios.SCENARIOS if scenario.slug == "forwarded"]
    wrong = replace(forwarded, uses=2, steps=[scenarios.Step(scenarios.FRIEND, scenarios.GET, {"303": 1})])
    monkeypatch.setattr(scenarios, "SCENARIOS", [wrong])

    text = " ".join(press(client, "all").text.split())

    assert "1 scenario did not end as it must" in text
    assert "It must be: 303, done, and on to the next page" in text
    assert text.count("✗ Not true:") == 3
    assert "✗ not all true" in text


def test_a_run_leaves_every_row_as_it_was_and_counts_in_no_limit(client, monkeypatch):
    reader = UserFactory()
    asking.login_token(reader)
    client.force_login(reader)
    before = everything()

    page = press(client, "twenty-at-once")

    assert "It ended as it must" in page.text
    assert everything() == before
    assert [CLIENT._count(address) for address in ("127.0.0.1", "2001:db8::/64")] == [1, 1]
    assert SITE._count("") == 1
    assert cache.get("anything") is None


def test_the_people_of_a_run_that_was_killed_are_deleted_by_the_next(client):
    long_ago = timezone.now() - timedelta(hours=1)
    User.objects.create_user(f"owner-1{NOWHERE}", date_joined=long_ago)
    User.objects.create_user(f"owner-2{NOWHERE}")
    UserFactory(email="reader@example.com", date_joined=long_ago)

    press(client, "head-then-get")

    assert Counter(User.objects.values_list("email", flat=True)) == {f"owner-2{NOWHERE}": 1, "reader@example.com": 1}


def test_the_page_is_in_order_before_and_after(client):
    before, after = client.get(LABORATORY), press(client, "somebody-else")

    assert [problems_of(before), problems_of(after)] == [[], []]
    assert inline_code(before.text) + inline_code(after.text) == []
    assert before.text.count('name="scenario"') == len(scenarios.SCENARIOS) + 1


def test_a_scenario_that_is_none_is_not_found(client):
    assert press(client, "something-else").status_code == 404


def test_without_debug_there_is_no_laboratory(client, settings):
    settings.DEBUG = False

    assert [client.get(LABORATORY).status_code, press(client, "all").status_code] == [404, 404]
