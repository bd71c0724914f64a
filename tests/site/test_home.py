import pytest
from django.urls import reverse

from tests.newsletter.factories import PublishedIssueFactory

pytestmark = pytest.mark.django_db

HOME = reverse("home")


def test_the_front_page_has_the_latest_issues_and_the_way_to_subscribe(client):
    titles = [PublishedIssueFactory().title for _ in range(3)]

    page = client.get(HOME).content.decode()

    assert all(title in page for title in titles)
    assert f'href="{reverse("newsletter:subscribe")}"' in page


def test_an_empty_front_page_says_so(client):
    assert "No issue has been published yet." in client.get(HOME).content.decode()
