"""The feed and the address that a page calls its own: from SITE_URL, whatever host and query a request has."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from tests.newsletter.factories import IssueFactory, PublishedIssueFactory
from tests.site.test_pages import Page

pytestmark = pytest.mark.django_db


def items(client):
    answer = client.get(reverse("newsletter:feed"))
    assert answer.headers["Content-Type"].startswith("application/rss+xml")
    return ElementTree.fromstring(answer.content).findall("channel/item")


def test_the_feed_has_what_is_published_and_no_draft(client):
    published = PublishedIssueFactory(title="Keys & doors")
    IssueFactory()
    IssueFactory(published_at=timezone.now() + timedelta(days=1))

    [item] = items(client)

    assert item.findtext("title") == "Keys & doors"
    assert item.findtext("link") == settings.SITE_URL + published.get_absolute_url()


def test_every_address_in_the_feed_is_the_sites_whatever_the_request_calls_it(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    PublishedIssueFactory()

    feed = client.get(reverse("newsletter:feed"), headers={"host": "evil.example"}).text

    assert "evil.example" not in feed
    assert settings.SITE_URL in feed


def test_a_page_names_its_address_without_the_query(client):
    page = Page(client.get(reverse("newsletter:archive"), {"page": "1"}).text)

    links = {link["rel"]: link["href"] for link in page.all("link")}
    assert links["canonical"] == settings.SITE_URL + reverse("newsletter:archive")
    assert links["alternate"] == reverse("newsletter:feed")


@pytest.mark.parametrize("address", ["/no/such/page/", "/?rt=eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.AAAA"])
def test_an_error_page_has_no_address_of_its_own(client, address):
    assert 'rel="canonical"' not in client.get(address).text
