import pytest
from django.urls import reverse
from django.utils import timezone

from apps.newsletter import referrals, services
from apps.newsletter.admin import IssueAdmin
from apps.newsletter.models import Issue, Subscription
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
    referrals.invite(SubscriptionFactory().user, name="Member")

    answer = staff_client.get(reverse(f"admin:newsletter_{model}_{page}"), {"q": "x"})

    assert answer.status_code == 200


def test_an_issue_is_written_in_the_admin(staff_client):
    staff_client.post(
        reverse("admin:newsletter_issue_add"),
        {"title": "Title", "slug": "title", "summary": "", "body": "Text"},
    )

    assert Issue.objects.get().title == "Title"


def test_only_what_is_published_has_a_page_to_view(staff_client):
    def links_to_its_page(issue):
        page = staff_client.get(reverse("admin:newsletter_issue_change", args=[issue.pk]))
        return issue.get_absolute_url() in page.content.decode()

    assert links_to_its_page(PublishedIssueFactory())
    assert not links_to_its_page(IssueFactory())


def test_a_page_that_was_open_for_long_does_not_bring_an_old_date_back(staff_client, monkeypatch):
    issue = IssueFactory()
    save = IssueAdmin.save_model

    def publish_then_save(self, request, obj, form, change):
        Issue.objects.filter(pk=issue.pk).update(published_at=timezone.now())
        save(self, request, obj, form, change)

    monkeypatch.setattr(IssueAdmin, "save_model", publish_then_save)
    staff_client.post(
        reverse("admin:newsletter_issue_change", args=[issue.pk]),
        {"title": "Another title", "slug": issue.slug, "summary": "", "body": "Text"},
    )

    issue.refresh_from_db()
    assert (issue.title, issue.is_published) == ("Another title", True)


def test_an_issue_is_published_in_the_admin(staff_client, client):
    issue = IssueFactory()

    staff_client.post(
        reverse("admin:newsletter_issue_change", args=[issue.pk]),
        {
            "title": issue.title,
            "slug": issue.slug,
            "summary": "",
            "body": "Text",
            "published_at_0": "2026-01-01",
            "published_at_1": "00:00:00",
        },
    )

    assert client.get(issue.get_absolute_url()).status_code == 200


def test_no_page_shows_a_link_that_works(staff_client):
    subscription = SubscriptionFactory()
    tokens = [
        services.ensure_unsubscribe_token(subscription),
        referrals.invite(subscription.user, name="Member"),
    ]

    pages = [
        staff_client.get(reverse("admin:newsletter_subscription_change", args=[subscription.pk])),
        staff_client.get(reverse("admin:newsletter_invitation_change", args=[subscription.user.invitation.pk])),
    ]

    assert not [token for token in tokens for page in pages if token.jwt() in page.content.decode()]


def test_staff_unsubscribe_a_reader_as_the_link_does(staff_client):
    subscriptions = SubscriptionFactory.create_batch(2)

    page = staff_client.post(
        reverse("admin:newsletter_subscription_changelist"),
        {"action": "unsubscribe", "_selected_action": [subscription.pk for subscription in subscriptions]},
        follow=True,
    )

    assert "2 readers are unsubscribed." in page.content.decode()
    assert not Subscription.objects.active().exists()


def test_staff_can_subscribe_an_address_that_never_left(staff_client):
    staff_client.post(
        reverse("admin:newsletter_subscription_add"),
        {"user": UserFactory().pk, "confirmed_at_0": "2026-01-01", "confirmed_at_1": "00:00:00"},
    )

    assert Subscription.objects.active().count() == 1


def test_a_subscription_without_a_reader_is_refused_beside_the_field(staff_client):
    page = staff_client.post(reverse("admin:newsletter_subscription_add"), {"user": ""})

    assert page.status_code == 200
