from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.newsletter import services
from apps.newsletter.models import Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

UNSUBSCRIBE = reverse("newsletter:unsubscribe")


def one_click(path):
    """What a mailbox provider sends; tests/mailing/test_rfc8058.py tries the other forms of it."""
    return Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})


def is_active(subscription):
    return Subscription.objects.active().filter(pk=subscription.pk).exists()


def test_the_link_shows_a_button_and_the_button_ends_the_subscription(visitor, subscription, unsubscribe_path):
    page = visitor.get(unsubscribe_path)
    still_active = is_active(subscription)
    result = visitor.press(page)

    assert "Unsubscribe from Latchkey?" in page.content.decode()
    assert subscription.user.email not in page.content.decode()
    assert still_active
    assert "You are unsubscribed" in result.content.decode()
    assert not is_active(subscription)


def test_the_second_press_changes_nothing(subscription, unsubscribe_path):
    one_click(unsubscribe_path)
    first = Subscription.objects.get().unsubscribed_at

    answer = one_click(unsubscribe_path)

    assert answer.status_code == 200
    assert "You had already unsubscribed" in answer.content.decode()
    assert Subscription.objects.get().unsubscribed_at == first


def test_asking_for_the_options_changes_nothing(client, subscription, unsubscribe_path):
    client.options(unsubscribe_path)

    assert is_active(subscription)
    assert RequestToken.objects.get().used_to_date == 0


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_change_nothing(client, subscription, unsubscribe_path, method):
    answer = getattr(client, method)(unsubscribe_path)

    assert answer.status_code == 405
    assert is_active(subscription)


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_stranger_who_is_signed_in_changes_nothing(client, subscription, unsubscribe_path, method):
    client.force_login(UserFactory())

    answer = getattr(client, method)(unsubscribe_path)

    assert reason(answer) == "wrong_user"
    assert is_active(subscription)


def test_the_reader_who_is_signed_in_stays_so(visitor, subscription, unsubscribe_path):
    visitor.force_login(subscription.user)

    visitor.press(visitor.get(unsubscribe_path))

    assert not is_active(subscription)
    assert "_auth_user_id" in visitor.session


def test_unsubscribing_signs_nobody_in(visitor, unsubscribe_path):
    visitor.press(visitor.get(unsubscribe_path))

    assert "sessionid" not in visitor.cookies


def test_a_subscription_that_is_gone_is_no_error(subscription, unsubscribe_path):
    subscription.delete()

    answer = one_click(unsubscribe_path)

    assert answer.status_code == 200
    assert "There is no subscription" in answer.content.decode()


def test_the_link_of_another_purpose_is_refused(subscription):
    token = RequestToken.objects.create_token(
        scope="newsletter.confirm", login_mode=RequestToken.LOGIN_MODE_REQUEST, user=subscription.user
    )

    answer = one_click(token.tokenise(UNSUBSCRIBE))

    assert reason(answer) == "scope"
    assert is_active(subscription)


def test_a_press_by_mistake_is_undone(visitor, subscription, unsubscribe_path):
    result = visitor.press(visitor.get(unsubscribe_path))

    page = visitor.press(result)

    assert page.status_code == 200
    assert "You are back" in page.content.decode()
    assert is_active(subscription)


def test_undo_is_a_form_and_no_link(client, subscription, unsubscribe_path):
    client.post(unsubscribe_path)

    answer = client.get(undo_path(subscription))

    assert answer.status_code == 405
    assert not is_active(subscription)


def test_undo_needs_its_csrf_token(subscription, unsubscribe_path):
    one_click(unsubscribe_path)

    answer = one_click(undo_path(subscription))

    assert reason(answer) == "csrf"
    assert not is_active(subscription)


def test_undo_by_a_stranger_is_refused(client, subscription, unsubscribe_path):
    one_click(unsubscribe_path)
    client.force_login(UserFactory())

    answer = client.post(undo_path(subscription))

    assert reason(answer) == "wrong_user"
    assert not is_active(subscription)


def test_undo_twice_says_that_one_is_subscribed(client, subscription, unsubscribe_path):
    page = client.post(undo_path(subscription))

    assert "You are subscribed" in page.content.decode()


def test_a_mail_found_long_after_brings_nobody_back(client, subscription):
    Subscription.objects.update(unsubscribed_at=timezone.now() - timedelta(days=2))

    page = client.post(undo_path(subscription))

    assert page.status_code == 200
    assert "Too late to undo" in page.content.decode()
    assert not is_active(subscription)


def test_undo_without_a_subscription_says_so(client, subscription):
    path = undo_path(subscription)
    subscription.delete()

    page = client.post(path)

    assert page.status_code == 200
    assert "There is no subscription" in page.content.decode()


def undo_path(subscription):
    return services.ensure_unsubscribe_token(subscription).tokenise(reverse("newsletter:resubscribe"))
