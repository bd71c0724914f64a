import re

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.demo import seed
from apps.newsletter.models import Issue, Subscription
from apps.site.markdown import render

pytestmark = pytest.mark.django_db

EVERY_ELEMENT = {"p", "h2", "h3", "ul", "ol", "li", "blockquote", "pre", "code", "a", "em", "strong", "hr"}


@pytest.fixture(autouse=True)
def seeded():
    seed.seed()


def test_members_invite_page_shows_a_funnel_of_some_forty_clicks(client):
    client.force_login(User.objects.get(email=seed.MEMBER))

    page = client.get(reverse("newsletter:invite"))

    assert [count for _step, count in page.context["funnel"]] == [43, 14, 9]


def test_the_confirmed_readers_of_the_funnel_are_there():
    assert Subscription.objects.filter(referrer__email=seed.MEMBER).count() == seed.CONFIRMED


def test_the_newest_issue_has_every_element_that_an_editor_can_write():
    html = render(Issue.objects.published().first().body)

    assert set(re.findall(r"<(\w+)", html)) == EVERY_ELEMENT


def test_a_paragraph_of_an_issue_is_one_line_as_an_editor_types_it():
    first, *_rest = Issue.objects.get(slug="ten-minutes").body.splitlines()

    assert first.endswith("it does not work at all.")


def test_nobody_but_those_three_has_a_name():
    named = User.objects.exclude(name="").values_list("name", flat=True)

    assert sorted(named) == ["Editor", "Member", "Reader"]
