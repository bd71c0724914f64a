import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailing import sending
from apps.mailing.models import Suppression
from apps.newsletter import services
from apps.newsletter.models import Subscription
from tests.factories import UserFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff_client(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", ["dispatch", "delivery", "suppression"])
def test_every_list_opens(staff_client, dispatch, model):
    SubscriptionFactory()
    sending.start(dispatch)

    answer = staff_client.get(reverse(f"admin:mailing_{model}_changelist"), {"q": "x"})

    assert answer.status_code == 200


@pytest.mark.parametrize("model", ["dispatch", "delivery"])
def test_nothing_of_a_sending_is_typed_in(staff_client, dispatch, model):
    assert reason(staff_client.get(reverse(f"admin:mailing_{model}_add"))) == "permission"

    url = reverse("admin:mailing_dispatch_change", args=[dispatch.pk])
    staff_client.post(url, {"status": "sent"})
    dispatch.refresh_from_db()
    assert dispatch.status == "scheduled"


def test_unsubscribing_in_the_admin_suppresses_the_address(staff_client, subscription):
    staff_client.post(
        reverse("admin:newsletter_subscription_changelist"),
        {"action": "unsubscribe", "_selected_action": [subscription.pk]},
    )

    assert Suppression.objects.find([subscription.user.email])


def test_an_email_in_doubt_is_settled_in_the_admin(staff_client, dispatch):
    SubscriptionFactory.create_batch(2)
    sending.start(dispatch)
    dispatch.deliveries.update(status="unknown", finished_at=timezone.now())
    sent, lost = dispatch.deliveries.all()
    url = reverse("admin:mailing_delivery_changelist")

    staff_client.post(url, {"action": "confirm_sent", "_selected_action": [sent.pk]})
    staff_client.post(url, {"action": "send_again", "_selected_action": [lost.pk]})

    assert [delivery.status for delivery in dispatch.deliveries.all()] == ["sent", "queued"]


def test_staff_cannot_subscribe_an_address_that_left(staff_client, subscription):
    services.unsubscribe(subscription.user)
    subscription.delete()

    page = staff_client.post(
        reverse("admin:newsletter_subscription_add"),
        {"user": subscription.user_id, "confirmed_at_0": "2026-01-01", "confirmed_at_1": "00:00:00"},
    )

    assert "This address has unsubscribed" in page.content.decode()
    assert not Subscription.objects.exists()


def test_staff_find_out_whether_an_address_left_by_typing_all_of_it(staff_client):
    for subscription in SubscriptionFactory.create_batch(2):
        services.unsubscribe(subscription.user)
    suppressions = reverse("admin:mailing_suppression_changelist")

    found = [
        staff_client.get(suppressions, {"q": term}).context["cl"].result_count
        for term in (f" {subscription.user.email.upper()}", "example.com", "")
    ]

    assert found == [1, 0, 2]


def test_a_suppression_is_not_made_or_changed_by_hand(staff_client, subscription):
    services.unsubscribe(subscription.user)

    add = staff_client.get(reverse("admin:mailing_suppression_add"))
    change = staff_client.post(reverse("admin:mailing_suppression_change", args=[Suppression.objects.get().pk]))

    assert reason(add) == reason(change) == "permission"
