import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.mailing import importing
from apps.mailing.models import Suppression
from apps.newsletter import services
from apps.newsletter.models import Subscription
from tests.factories import UserFactory
from tests.newsletter.factories import SubscriptionFactory
from tests.support.emails import link_in_text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once")]

SUBSCRIBE = reverse("newsletter:subscribe")
CONFIRM = reverse("newsletter:confirm")
UNSUBSCRIBE = reverse("newsletter:unsubscribe")
NEXT_KEY = "the next key, as long as a key should be: 0123456789 abcdefghijklmnopqrst"
User = get_user_model()


@pytest.fixture
def leave(client, subscription, issue, mailoutbox):
    """The reader presses the button behind the link in an issue."""

    def leave():
        call_command("send_issue", issue.slug)
        client.post(link_in_text(mailoutbox[-1], UNSUBSCRIBE))
        return subscription.user.email

    return leave


@pytest.fixture
def import_file(tmp_path, capsys):
    """Import a file with these lines; what the command reports."""

    def import_file(*lines):
        path = tmp_path / "readers.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        capsys.readouterr()
        call_command("import_subscribers", str(path))
        return capsys.readouterr().out

    return import_file


def readers():
    return set(Subscription.objects.active().values_list("user__email", flat=True))


def test_who_left_and_was_erased_is_not_imported_again(leave, import_file):
    address = leave()
    User.objects.all().delete()

    report = import_file(address.upper(), "other@example.com")

    assert report.startswith("1 added, 0 known already, 1 have unsubscribed")
    assert readers() == {"other@example.com"}
    assert not User.objects.filter(email=address).exists()


def test_who_left_and_has_an_account_is_not_imported_again(leave, import_file):
    address = leave()

    report = import_file(address)

    assert report.startswith("0 added, 0 known already, 1 have unsubscribed")
    assert readers() == set()


def test_a_fresh_double_opt_in_lifts_a_suppression(leave, import_file, client, mailoutbox):
    address = leave()
    User.objects.all().delete()

    client.post(SUBSCRIBE, {"email": address})
    client.post(link_in_text(mailoutbox[-1], CONFIRM))

    assert readers() == {address}
    assert not Suppression.objects.exists()


def test_asking_for_the_mail_without_confirming_lifts_nothing(leave, client):
    address = leave()

    client.post(SUBSCRIBE, {"email": address})

    assert Suppression.objects.find([address]) == {address}


def test_undo_lifts_a_suppression(visitor, subscription, unsubscribe_path):
    visitor.press(visitor.press(visitor.get(unsubscribe_path)))

    assert readers() == {subscription.user.email}
    assert not Suppression.objects.exists()


def test_an_undo_that_comes_too_late_lifts_nothing(client, leave, subscription):
    leave()
    Subscription.objects.update(unsubscribed_at="2020-01-01T00:00:00Z")
    subscription.refresh_from_db()

    client.post(services.ensure_unsubscribe_token(subscription).tokenise(reverse("newsletter:resubscribe")))

    assert Suppression.objects.count() == 1


def test_leaving_twice_is_one_row(client, leave, unsubscribe_path):
    leave()

    client.post(unsubscribe_path)

    assert Suppression.objects.count() == 1


def test_who_has_no_subscription_any_more_can_still_ask_to_be_left_alone(client, subscription, unsubscribe_path):
    subscription.delete()

    client.post(unsubscribe_path)

    assert Suppression.objects.find([subscription.user.email])


def test_the_table_holds_no_address(leave):
    address = leave()

    row = Suppression.objects.values().get()
    assert address.partition("@")[0] not in str(row)
    assert len(row["address_hash"]) == 64


def test_a_suppression_survives_the_rotation_of_the_key(settings, leave, import_file):
    address = leave()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEXT_KEY, [settings.SECRET_KEY]

    report = import_file(address)

    assert "1 have unsubscribed" in report


def test_a_suppression_survives_the_end_of_the_former_key_if_that_is_kept_for_suppressions(
    settings, leave, import_file
):
    address = leave()
    settings.SECRET_KEY, settings.SUPPRESSION_KEY = NEXT_KEY, settings.SECRET_KEY

    report = import_file(address)

    assert "1 have unsubscribed" in report


def test_a_key_of_its_own_does_not_rotate(settings, leave, import_file):
    settings.SUPPRESSION_KEY = "a key for this alone"
    address = leave()
    settings.SECRET_KEY = NEXT_KEY

    report = import_file(address)

    assert "1 have unsubscribed" in report


def test_a_lost_key_stops_the_import_and_nobody_is_written_to(settings, leave, import_file):
    address = leave()
    settings.SECRET_KEY = NEXT_KEY

    with pytest.raises(CommandError, match="Set SUPPRESSION_KEY to the former SECRET_KEY"):
        import_file(address)

    assert readers() == set()


def test_lifting_works_under_every_key(settings, leave, client, mailoutbox):
    address = leave()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEXT_KEY, [settings.SECRET_KEY]

    client.post(SUBSCRIBE, {"email": address})
    client.post(link_in_text(mailoutbox[-1], CONFIRM))

    assert not Suppression.objects.exists()


def test_an_import_passes_over_what_is_no_address_and_leaves_who_is_known(import_file):
    known = SubscriptionFactory().user.email
    closed = UserFactory(is_active=False).email

    report = import_file(
        "# from the fair", "", known, closed, "New@Example.com", "new@example.com", "no address", "ä@b.c"
    )

    assert report == "1 added, 2 known already, 0 have unsubscribed, 2 are not addresses.\n"
    assert readers() == {known, "new@example.com"}


def test_an_imported_reader_can_leave_by_the_link_in_an_issue(import_file, client, issue, mailoutbox):
    import_file("new@example.com")
    call_command("send_issue", issue.slug)

    client.post(link_in_text(mailoutbox[0], UNSUBSCRIBE))

    assert readers() == set()


def test_importing_twice_adds_nobody(import_file):
    import_file("new@example.com")

    assert import_file("new@example.com").startswith("0 added, 1 known already")


def test_a_file_of_several_batches_is_imported_to_its_end(import_file, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_SIZE", 2)

    report = import_file(*[f"reader{number}@example.org" for number in range(5)])

    assert report.startswith("5 added")
    assert len(readers()) == 5


def test_a_file_that_is_missing_is_an_error_that_says_so(tmp_path):
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("import_subscribers", str(tmp_path / "readers.txt"))


def test_a_file_that_is_no_text_is_an_error_that_says_so(tmp_path):
    path = tmp_path / "readers.txt"
    path.write_bytes(b"a@example.com\n\xff")

    with pytest.raises(CommandError, match="not text in UTF-8"):
        call_command("import_subscribers", str(path))


def test_staff_can_erase_who_left_with_everything_that_was_sent_to_them(client, leave, subscription):
    leave()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    client.post(reverse("admin:accounts_user_delete", args=[subscription.user_id]), {"post": "yes"})

    assert not User.objects.filter(pk=subscription.user_id).exists()
    assert Suppression.objects.count() == 1
