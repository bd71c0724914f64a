"""A member's link from the first click to the confirmed reader, as browsers and email programs go through it."""

import re
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.db import DatabaseError
from django.db.models.signals import post_save
from django.urls import reverse
from django.utils import timezone

from apps.newsletter import referrals
from apps.newsletter.models import Invitation, Subscription
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.browsers import Visitor
from tests.support.emails import link_in_text
from tests.support.refusals import reason

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commit_at_once")]

INVITE = reverse("newsletter:invite")
SUBSCRIBE = reverse("newsletter:subscribe")
CONFIRM = reverse("newsletter:confirm")
# Not today: today may end in the middle of a test.
TOMORROW = str(timezone.localdate() + timedelta(days=1))


@pytest.fixture
def member():
    return UserFactory(name="Member", email="member@example.com")


@pytest.fixture
def signed_in(member):
    browser = Visitor()
    browser.force_login(member)
    return browser


@pytest.fixture
def link(signed_in):
    """A link that the member made on the page for it."""

    def link(**fields):
        signed_in.press(signed_in.get(INVITE), name="Member", **fields)
        parts = urlsplit(signed_in.get(INVITE).context["link"])
        return f"{parts.path}?{parts.query}"

    return link


@pytest.fixture
def confirm(mailoutbox):
    """Press the button behind the link of the last mail, perhaps in another browser."""

    def confirm(browser):
        return browser.press(browser.get(link_in_text(mailoutbox[-1], CONFIRM)))

    return confirm


def ask(browser, path=SUBSCRIBE, email="newcomer@example.com"):
    return browser.press(browser.get(path), email=email)


def figures(browser):
    return [count for _label, count in browser.get(INVITE).context["funnel"]]


def referrer_of(email="newcomer@example.com"):
    return Subscription.objects.get(user__email=email).referrer


# From click to reader


def test_a_visit_a_signup_and_a_reader_are_counted_one_by_one(signed_in, visitor, link, confirm, member):
    path = link()

    visitor.get(path)
    after_click = figures(signed_in)
    visitor.press(visitor.get(path), email="newcomer@example.com")
    after_signup = figures(signed_in)
    confirm(visitor)

    assert after_click == [1, 0, 0]
    assert after_signup == [2, 1, 0]
    assert figures(signed_in) == [2, 1, 1]
    assert referrer_of() == member


def test_the_reader_may_confirm_in_another_browser(visitor, link, confirm, member):
    ask(visitor, link())

    confirm(Visitor())

    assert referrer_of() == member


def test_who_comes_back_days_later_without_the_link_still_counts(visitor, link, confirm, member):
    visitor.get(link())

    ask(visitor)
    confirm(visitor)

    assert referrer_of() == member


def test_who_came_by_two_links_counts_for_the_first(visitor, link, confirm, member):
    other = UserFactory()
    visitor.get(link())

    page = visitor.get(referrals.invite(other, name="Other").tokenise(SUBSCRIBE))
    visitor.press(page, email="newcomer@example.com")
    confirm(visitor)

    assert "Other invites you" in page.content.decode()
    assert referrer_of() == member
    assert other.invitation.signups == 0


def test_the_first_link_counts_for_a_form_that_a_program_sends_to_the_second(client, link, mailoutbox, member):
    client.get(link())

    client.post(referrals.invite(UserFactory(), name="Other").tokenise(SUBSCRIBE), {"email": "newcomer@example.com"})
    client.post(link_in_text(mailoutbox[-1], CONFIRM))

    assert referrer_of() == member


def test_the_second_link_counts_when_the_first_member_has_gone(visitor, link, confirm, member):
    other = UserFactory()
    visitor.get(link())
    member.is_active = False
    member.save()

    ask(visitor, referrals.invite(other, name="Other").tokenise(SUBSCRIBE))
    confirm(visitor)

    assert referrer_of() == other


def test_a_link_that_was_withdrawn_brings_nothing_to_the_member_any_more(visitor, link, confirm):
    visitor.get(link())
    Invitation.objects.get().token.revoke()

    ask(visitor)
    confirm(visitor)

    assert referrer_of() is None


def test_who_subscribes_a_second_time_is_no_second_reader(signed_in, visitor, link, confirm):
    path = link()
    ask(visitor, path)
    confirm(visitor)

    ask(visitor, path)
    confirm(visitor)

    assert figures(signed_in) == [2, 2, 1]


def test_a_reader_that_cannot_be_stored_leaves_no_credit(visitor, link, confirm, signed_in):
    ask(visitor, link())

    with disk_full_after_credit(), pytest.raises(DatabaseError):
        confirm(visitor)

    assert not Subscription.objects.exists()
    assert figures(signed_in) == [1, 1, 0]


@contextmanager
def disk_full_after_credit():
    def fail(instance, **kwargs):
        if instance.referrer_id:
            raise DatabaseError("disk full")

    post_save.connect(fail, Subscription)
    try:
        yield
    finally:
        post_save.disconnect(fail, Subscription)


# The cookie


def test_the_cookie_is_signed_short_lived_and_for_this_app_only(settings, visitor, link):
    settings.SESSION_COOKIE_SECURE = True

    visitor.get(link())

    cookie = visitor.cookies[referrals.COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["max-age"]) == ("/newsletter/", 30 * 24 * 60 * 60)
    assert re.fullmatch(r"\d+:[\w-]+:[\w-]+", cookie.value)


def test_confirming_removes_the_cookie(visitor, link, confirm):
    ask(visitor, link())

    confirm(visitor)

    assert visitor.cookies[referrals.COOKIE].value == ""


def test_without_a_link_there_is_no_cookie(visitor, confirm):
    ask(visitor)
    answer = confirm(visitor)

    assert referrals.COOKIE not in visitor.cookies
    assert not answer.has_header("Set-Cookie")


@pytest.mark.parametrize("forged", ["1", "1:x:y", "", "x" * 5000, "\xff"])
def test_a_cookie_that_somebody_wrote_is_not_believed(visitor, link, confirm, forged):
    link()
    visitor.cookies[referrals.COOKIE] = forged

    ask(visitor)
    confirm(visitor)

    assert referrer_of() is None


@pytest.mark.parametrize(("days", "counts"), [(29, True), (31, False)])
def test_the_cookie_counts_for_thirty_days(visitor, link, confirm, member, monkeypatch, days, counts):
    path = link()
    then = time.time() - timedelta(days=days).total_seconds()
    with monkeypatch.context() as past:
        past.setattr(time, "time", lambda: then)
        visitor.get(path)

    ask(visitor)
    confirm(visitor)

    assert referrals.COOKIE in visitor.cookies
    assert referrer_of() == (member if counts else None)


# What does not count


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("OPTIONS", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
    ],
)
def test_a_machine_that_only_looks_is_not_counted_and_gets_no_cookie(signed_in, visitor, link, method, headers):
    path = link()

    visitor.generic(method, path, headers=headers)

    assert figures(signed_in) == [0, 0, 0]
    assert Invitation.objects.get().token.used_to_date == 0
    assert referrals.COOKIE not in visitor.cookies


def test_the_members_own_visit_is_flagged_and_not_counted(signed_in, link):
    page = signed_in.get(link())

    assert "This is your own link" in page.content.decode()
    assert figures(signed_in) == [0, 0, 0]
    assert Invitation.objects.get().token.used_to_date == 0
    assert referrals.COOKIE not in signed_in.cookies


def test_whom_a_signed_in_member_signs_up_by_their_own_link_is_not_counted(signed_in, client, link, member):
    path = link()
    client.force_login(member)

    ask(signed_in, path)
    client.post(path, {"email": "newcomer@example.com"})

    assert figures(signed_in) == [0, 0, 0]


def test_the_members_own_address_is_flagged_and_not_counted(signed_in, visitor, link, confirm, member):
    ask(visitor, link(), email="Member@example.com")
    confirm(visitor)

    subscription = Subscription.objects.get(user=member)
    assert subscription.referrer is None
    assert subscription.is_self_referral
    assert figures(signed_in) == [1, 0, 0]


def test_staff_find_who_came_by_their_own_link(client, visitor, link, confirm):
    ask(visitor, link(), email="member@example.com")
    confirm(visitor)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(reverse("admin:newsletter_subscription_changelist"), {"is_self_referral__exact": 1})

    assert "member@example.com" in page.content.decode()


# Quota and last day


def test_the_last_visitor_within_the_quota_can_send_their_form_and_counts(signed_in, visitor, link, confirm, member):
    path = link(quota="1")
    visitor.get(path)
    Visitor().get(path)

    ask(visitor, path)
    confirm(visitor)

    assert referrer_of() == member
    assert figures(signed_in) == [3, 1, 1]


def test_who_comes_when_the_quota_is_reached_subscribes_without_an_inviter(signed_in, visitor, link, confirm):
    path = link(quota="1")
    ask(visitor, path, email="first@example.com")
    confirm(visitor)

    late = Visitor()
    page = late.get(path)
    late.press(page, email="second@example.com")
    confirm(late)

    assert "has reached its number of readers" in page.content.decode()
    assert "invites you" not in page.content.decode()
    assert referrals.COOKIE not in late.cookies
    assert referrer_of("second@example.com") is None
    assert figures(signed_in)[2] == 1


def test_who_asked_in_time_and_confirms_too_late_is_a_reader_all_the_same(visitor, link, mailoutbox, confirm):
    path = link(quota="1")
    ask(visitor, path, email="first@example.com")
    late = Visitor()
    ask(late, path, email="second@example.com")

    confirm(late)
    visitor.press(visitor.get(link_in_text(mailoutbox[0], CONFIRM)))

    assert referrer_of("second@example.com") is not None
    assert referrer_of("first@example.com") is None
    assert Subscription.objects.active().count() == 2


def test_the_member_sees_how_many_places_are_taken(signed_in, link):
    link(quota="3")

    page = signed_in.get(INVITE)

    assert "0 of 3 places are taken" in page.content.decode()
    assert 'value="3"' in page.content.decode()


def test_another_quota_keeps_the_link(link):
    assert link(quota="1") == link(quota="2") == link(quota="")
    assert Invitation.objects.get().quota is None


def test_a_link_works_until_the_end_of_its_last_day(client, link):
    path = link(expires_on=TOMORROW)

    assert client.get(path).status_code == 200
    assert f"{RequestToken.objects.get().expiration_time:%Y-%m-%d %H:%M:%S}" == f"{TOMORROW} 23:59:59"


def test_after_its_last_day_a_link_offers_the_page_without_an_inviter(client, link):
    path = link(expires_on=TOMORROW)
    RequestToken.objects.update(expiration_time=timezone.now())

    late = client.get(path)

    assert reason(late) == "expired"
    assert f'href="{SUBSCRIBE}"' in late.content.decode()


@pytest.mark.parametrize("time_zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_saving_the_page_again_keeps_the_last_day(settings, signed_in, link, time_zone):
    settings.TIME_ZONE = time_zone
    link(expires_on=TOMORROW)

    page = signed_in.get(INVITE)

    assert f'type="date" name="expires_on" value="{TOMORROW}"' in page.content.decode()


def test_a_form_that_is_sent_after_the_last_day_is_taken_and_counts(visitor, link, confirm, member):
    page = visitor.get(link(expires_on=TOMORROW))
    RequestToken.objects.update(expiration_time=timezone.now())

    visitor.press(page, email="newcomer@example.com")
    confirm(visitor)

    assert referrer_of() == member


def test_the_figures_outlive_the_link(signed_in, visitor, link):
    visitor.get(link(expires_on=TOMORROW))
    RequestToken.objects.all().delete()

    page = signed_in.get(INVITE)

    assert not page.context["link"]
    assert figures(signed_in) == [1, 0, 0]


@pytest.mark.parametrize(
    "fields",
    [{"quota": "0"}, {"quota": "-1"}, {"quota": "x"}, {"quota": "9" * 30}]
    + [{"expires_on": day} for day in ("2020-01-01", "x", "9999-12-31", "0000-00-00")],
)
def test_a_quota_or_day_that_cannot_be_is_refused_beside_its_field(signed_in, fields):
    page = signed_in.press(signed_in.get(INVITE), name="Member", **fields)

    assert page.status_code == 200
    assert 'class="field-error"' in page.content.decode()
    assert not Invitation.objects.exists()


# The chart


@pytest.fixture
def chart(signed_in, link):
    link()
    Invitation.objects.update(clicks=40, signups=10, confirmed=5)
    page = signed_in.get(INVITE).content.decode()
    return page, ElementTree.fromstring(re.search(r"<svg.*?</svg>", page, re.DOTALL)[0])


def test_the_chart_has_a_bar_for_each_step_in_proportion(chart):
    _page, svg = chart

    assert [bar.get("width") for bar in svg.iterfind(".//rect[@class='chart-bar']")] == ["100%", "25%", "12%"]


def test_the_chart_is_an_image_with_a_name_and_words(chart):
    _page, svg = chart

    named_by = svg.get("aria-labelledby").split()
    assert svg.get("role") == "img"
    assert named_by == [svg.find("title").get("id"), svg.find("desc").get("id")]
    assert svg.find("desc").text == "Clicks: 40, Sign-ups: 10, Confirmed: 5"


def test_the_chart_is_there_as_a_table(chart):
    page, _svg = chart

    table = re.search(r"<table.*?</table>", page, re.DOTALL)[0]
    assert re.findall(r'<th scope="row">(.*?)</th><td class="number">(\d+)</td>', table) == [
        ("Clicks", "40"),
        ("Sign-ups", "10"),
        ("Confirmed", "5"),
    ]


def test_a_chart_of_nothing_is_a_chart(signed_in, link):
    link()

    assert signed_in.get(INVITE).content.decode().count('class="chart-bar"') == 3


def test_a_cookie_needs_no_query_where_there_is_none(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(SUBSCRIBE)
