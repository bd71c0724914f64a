import pytest
from django.urls import reverse

from apps.newsletter import services
from apps.newsletter.models import Issue
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff_client(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", ["issue", "subscription", "invitation"])
@pytest.mark.parametrize("page", ["changelist", "add"])
def test_every_page_opens(staff_client, model, page):
    IssueFactory()
    services.invite(SubscriptionFactory().user, name="Member")

    answer = staff_client.get(reverse(f"admin:newsletter_{model}_{page}"), {"q": "x"})

    assert answer.status_code == 200


def test_an_issue_is_written_there(staff_client):
    staff_client.post(
        reverse("admin:newsletter_issue_add"),
        {"title": "Title", "slug": "title", "summary": "", "body": "Text", "status": "draft"},
    )

    assert Issue.objects.get().title == "Title"


def test_only_what_is_published_has_a_page_to_view(staff_client):
    def links_to_its_page(issue):
        page = staff_client.get(reverse("admin:newsletter_issue_change", args=[issue.pk]))
        return issue.get_absolute_url() in page.content.decode()

    assert links_to_its_page(PublishedIssueFactory())
    assert not links_to_its_page(IssueFactory())


def test_sent_without_a_date_is_refused_with_a_message(staff_client):
    page = staff_client.post(
        reverse("admin:newsletter_issue_add"),
        {"title": "Title", "slug": "title", "summary": "", "body": "Text", "status": "sent"},
    )

    assert "needs a date of publication" in page.content.decode()
    assert not Issue.objects.exists()


def test_no_page_shows_a_link_that_works(staff_client):
    subscription = SubscriptionFactory()
    tokens = [
        services.ensure_unsubscribe_token(subscription),
        services.invite(subscription.user, name="Member"),
    ]

    pages = [
        staff_client.get(reverse("admin:newsletter_subscription_change", args=[subscription.pk])),
        staff_client.get(reverse("admin:newsletter_invitation_change", args=[subscription.user.invitation.pk])),
    ]

    assert not [token for token in tokens for page in pages if token.jwt() in page.content.decode()]
