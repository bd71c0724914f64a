import pytest
from django.urls import reverse
from django.utils import timezone

from apps.newsletter import referrals, sending, services
from apps.newsletter.admin import IssueAdmin
from apps.newsletter.models import Issue, Subscription, Suppression
from tests.factories import UserFactory
from tests.newsletter.factories import IssueFactory, PublishedIssueFactory, SubscriptionFactory
from tests.support.refusals import reason

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
        {"title": "Title", "slug": "title", "summary": "", "body": "Text", "status": "draft"},
    )

    assert Issue.objects.get().title == "Title"


def test_only_what_is_published_has_a_page_to_view(staff_client):
    def links_to_its_page(issue):
        page = staff_client.get(reverse("admin:newsletter_issue_change", args=[issue.pk]))
        return issue.get_absolute_url() in page.content.decode()

    assert links_to_its_page(PublishedIssueFactory())
    assert not links_to_its_page(IssueFactory())


def test_a_state_cannot_be_typed_in(staff_client):
    staff_client.post(
        reverse("admin:newsletter_issue_add"),
        {"title": "Title", "slug": "title", "summary": "", "body": "Text", "status": "sent"},
    )

    assert Issue.objects.get().status == "draft"


def test_a_page_that_was_open_for_long_does_not_bring_an_old_state_back(staff_client, monkeypatch):
    issue = IssueFactory()
    save = IssueAdmin.save_model

    def start_then_save(self, request, obj, form, change):
        Issue.objects.filter(pk=issue.pk).start()
        save(self, request, obj, form, change)

    monkeypatch.setattr(IssueAdmin, "save_model", start_then_save)
    staff_client.post(
        reverse("admin:newsletter_issue_change", args=[issue.pk]),
        {"title": "Another title", "slug": issue.slug, "summary": "", "body": "Text"},
    )

    issue.refresh_from_db()
    assert (issue.title, issue.status) == ("Another title", "sending")


def test_a_mail_in_doubt_is_settled_in_the_admin(staff_client):
    SubscriptionFactory.create_batch(2)
    issue = IssueFactory()
    sending.start(issue)
    issue.deliveries.update(status="unknown", finished_at=timezone.now())
    sent, lost = issue.deliveries.all()
    url = reverse("admin:newsletter_delivery_changelist")

    staff_client.post(url, {"action": "confirm_sent", "_selected_action": [sent.pk]})
    staff_client.post(url, {"action": "send_again", "_selected_action": [lost.pk]})

    assert [delivery.status for delivery in issue.deliveries.all()] == ["sent", "queued"]


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
    assert Suppression.objects.count() == 2


def test_staff_cannot_subscribe_an_address_that_left(staff_client, subscription):
    services.unsubscribe(subscription.user)
    subscription.delete()

    page = staff_client.post(
        reverse("admin:newsletter_subscription_add"),
        {"user": subscription.user_id, "confirmed_at_0": "2026-01-01", "confirmed_at_1": "00:00:00"},
    )

    assert "This address has unsubscribed" in page.content.decode()
    assert not Subscription.objects.exists()


def test_staff_can_subscribe_an_address_that_never_left(staff_client):
    staff_client.post(
        reverse("admin:newsletter_subscription_add"),
        {"user": UserFactory().pk, "confirmed_at_0": "2026-01-01", "confirmed_at_1": "00:00:00"},
    )

    assert Subscription.objects.active().count() == 1


def test_a_subscription_without_a_reader_is_refused_beside_the_field(staff_client):
    page = staff_client.post(reverse("admin:newsletter_subscription_add"), {"user": ""})

    assert page.status_code == 200


def test_staff_find_out_whether_an_address_left_by_typing_all_of_it(staff_client):
    for subscription in SubscriptionFactory.create_batch(2):
        services.unsubscribe(subscription.user)
    suppressions = reverse("admin:newsletter_suppression_changelist")

    found = [
        staff_client.get(suppressions, {"q": term}).context["cl"].result_count
        for term in (f" {subscription.user.email.upper()}", "example.com", "")
    ]

    assert found == [1, 0, 2]


def test_a_suppression_is_not_made_or_changed_by_hand(staff_client, subscription):
    services.unsubscribe(subscription.user)

    add = staff_client.get(reverse("admin:newsletter_suppression_add"))
    change = staff_client.post(reverse("admin:newsletter_suppression_change", args=[Suppression.objects.get().pk]))

    assert reason(add) == reason(change) == "permission"
