from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.newsletter.factories import IssueFactory, PublishedIssueFactory

pytestmark = pytest.mark.django_db

ARCHIVE = reverse("newsletter:archive")


def hidden_issues():
    return [
        IssueFactory(),
        IssueFactory(published_at=timezone.now() + timedelta(days=1)),
    ]


def test_the_archive_lists_what_is_published_newest_first(client):
    old = PublishedIssueFactory(title="The old one", published_at=timezone.now() - timedelta(days=9))
    new = PublishedIssueFactory(title="The new one")
    hidden_issues()

    page = client.get(ARCHIVE)

    assert list(page.context["page"].object_list) == [new, old]


def test_an_issue_is_read_at_its_address(client):
    issue = PublishedIssueFactory(body="One & two.\n\nThree.")

    page = client.get(issue.get_absolute_url())

    assert page.status_code == 200
    assert "<p>One &amp; two.</p>" in page.content.decode()
    assert "<p>Three.</p>" in page.content.decode()


def test_what_is_not_published_is_not_found(client):
    answers = [client.get(issue.get_absolute_url()) for issue in hidden_issues()]

    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 40, "\0"])
def test_a_page_that_does_not_exist_shows_the_nearest(client, page):
    PublishedIssueFactory()

    assert client.get(ARCHIVE, {"page": page}).status_code == 200


def test_an_empty_archive_says_so(client):
    assert "No issue has been published yet." in client.get(ARCHIVE).content.decode()


def test_many_issues_are_on_several_pages(client):
    PublishedIssueFactory.create_batch(21)

    first = client.get(ARCHIVE)
    second = client.get(ARCHIVE, {"page": 2})

    assert (len(first.context["page"]), len(second.context["page"])) == (20, 1)
    assert 'rel="next"' in first.content.decode()
