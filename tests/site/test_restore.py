"""`manage.py backup` and `manage.py after_restore`. scripts/test-deploy tries both on a server, by the page's steps."""

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.mailing.models import Dispatch, Suppression
from apps.newsletter import scopes, services
from apps.newsletter.models import Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def left(tmp_path):
    """left.json, as the timer writes it, of the people who are on the list when it is asked for."""

    def write():
        call_command("dumpdata", "mailing.suppression", output=str(tmp_path / "left.json"))
        return tmp_path / "left.json"

    return write


def after_restore(**options):
    call_command("after_restore", **options)


def test_a_link_that_may_have_been_used_since_the_copy_is_ended():
    token = RequestToken.objects.create_token(scope="sign-in", login_mode="Session", user=UserFactory())

    after_restore()

    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_links_in_the_issues_that_readers_have_still_unsubscribe():
    token = services.ensure_unsubscribe_token(SubscriptionFactory())

    after_restore()

    token.refresh_from_db()
    assert (token.scope, token.revoked_at) == (scopes.UNSUBSCRIBE, None)


def test_everybody_is_signed_out(client):
    client.force_login(UserFactory())

    after_restore()

    assert not Session.objects.exists()


def test_nobody_who_left_since_the_copy_is_subscribed(left):
    stayed, leaver = SubscriptionFactory(), SubscriptionFactory()
    services.unsubscribe(leaver.user)
    path = left()
    Suppression.objects.all().delete()
    Subscription.objects.filter(pk=leaver.pk).update(unsubscribed_at=None)

    after_restore(left=path)

    assert list(Subscription.objects.active()) == [stayed]
    assert Suppression.objects.find([leaver.user.email]) == {leaver.user.email}


def test_who_left_came_back_and_left_again_is_no_conflict(left):
    reader = SubscriptionFactory()
    services.unsubscribe(reader.user)
    path = left()
    Suppression.objects.all().delete()
    Suppression.objects.add(reader.user.email)

    after_restore(left=path)

    assert Suppression.objects.count() == 1


def test_what_may_have_been_sent_since_the_copy_is_held_back():
    sending = DispatchFactory(status="sending")
    DispatchFactory(scheduled_at=timezone.now() - timedelta(minutes=5))
    later = DispatchFactory(scheduled_at=timezone.now() + timedelta(days=1))

    after_restore()

    assert dict(Dispatch.objects.values_list("pk", "status")) == {sending.pk: "paused", later.pk: "scheduled"}


@pytest.mark.parametrize("content", ["", "[{}]", '{"rows": 1}'])
def test_a_list_that_cannot_be_read_changes_nothing(tmp_path, content):
    path = tmp_path / "left.json"
    path.write_text(content, encoding="utf-8")
    token = RequestToken.objects.create_token(scope="once")

    with pytest.raises(CommandError, match="cannot be read"):
        after_restore(left=path)

    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_copy_of_sqlite_has_what_was_written_last(run_python, tmp_path):
    variables = {
        "SECRET_KEY": "k" * 50,
        "DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3",
    }
    run_python("manage.py", "migrate", **variables)
    run_python("manage.py", "createsuperuser", "--no-input", "--email", "last@example.com", **variables)

    copied = run_python("manage.py", "backup", str(tmp_path), **variables)

    assert copied.returncode == 0, copied.stderr
    people = run_python(
        "manage.py",
        "dumpdata",
        "accounts.user",
        **{**variables, "DATABASE_URL": f"sqlite:///{copied.stdout.strip()}"},
    )
    assert [person["fields"]["email"] for person in json.loads(people.stdout)] == ["last@example.com"]
