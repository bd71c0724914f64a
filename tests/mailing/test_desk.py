"""Who may open the staff pages, and the list of issues."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone

from apps.mailing.models import Dispatch
from apps.newsletter.models import Issue
from tests.factories import UserFactory
from tests.mailing.factories import DispatchFactory
from tests.newsletter.factories import IssueFactory, SubscriptionFactory
from tests.support.pages import problems_of
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

DESK = reverse("mailing:issues")


def staff_urls(slug):
    """Every address of the staff pages, from the URLconf itself."""
    for pattern in get_resolver("apps.mailing.urls").url_patterns:
        if not str(pattern.pattern).startswith("staff/"):
            continue
        try:
            yield reverse(f"mailing:{pattern.name}")
        except NoReverseMatch:
            yield reverse(f"mailing:{pattern.name}", args=[slug])


def state():
    return [list(model.objects.order_by("pk").values()) for model in (Issue, Dispatch)]


def test_there_are_staff_pages_to_test():
    assert len(list(staff_urls("x"))) == 12


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_asked_to_sign_in_everywhere(client, issue, method):
    before = state()

    answers = [getattr(client, method)(url) for url in staff_urls(issue.slug)]

    assert {answer.status_code for answer in answers} == {302}
    assert {answer.url.partition("?")[0] for answer in answers} == {reverse("accounts:login")}
    assert state() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("rights", [{}, {"is_staff": True}], ids=["member", "staff without the permission"])
def test_nobody_without_the_permission_gets_in_anywhere(client, issue, method, rights):
    client.force_login(UserFactory(**rights))
    before = state()

    answers = [getattr(client, method)(url) for url in staff_urls(issue.slug)]

    assert {reason(answer) for answer in answers} == {"permission"}
    assert state() == before


def test_the_permission_without_being_staff_is_not_enough_anywhere(client, editor, issue):
    editor.is_staff = False
    editor.save()
    client.force_login(editor)

    assert {reason(client.get(url)) for url in staff_urls(issue.slug)} == {"permission"}


def test_no_form_of_another_site_is_taken_anywhere(editor, issue):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    before = state()

    answers = [client.post(url) for url in staff_urls(issue.slug)]

    assert {reason(answer) for answer in answers} == {"csrf"}
    assert state() == before


def test_opening_pages_changes_nothing_and_leaves_no_copy_in_a_cache(editor_client, issue):
    before = state()

    answers = [editor_client.get(url) for url in staff_urls(issue.slug)]

    assert {answer.status_code for answer in answers} == {200, 302}
    assert all("no-store" in answer.headers["Cache-Control"] for answer in answers)
    assert state() == before


@pytest.mark.parametrize("status", Dispatch.Status.values)
def test_every_page_is_in_order(editor_client, status):
    dispatch = DispatchFactory(status=status)
    SubscriptionFactory()
    dispatch.deliveries.freeze(dispatch)

    pages = [editor_client.get(url) for url in staff_urls(dispatch.issue.slug)]

    assert [problem for page in pages for problem in problems_of(page)] == []


def test_who_may_change_but_not_add_finds_no_button_to_write(client, editor, issue):
    editor.user_permissions.remove(editor.user_permissions.get(codename="add_issue"))
    client.force_login(editor)

    assert reverse("mailing:compose") not in client.get(DESK).text
    assert reason(client.get(reverse("mailing:compose"))) == "permission"
    assert client.get(reverse("mailing:issue", args=[issue.slug])).status_code == 200


@pytest.mark.parametrize(("rights", "shown"), [({}, False), ({"is_staff": True}, False)])
def test_the_navigation_leads_nobody_but_editors_to_the_desk(client, rights, shown):
    client.force_login(UserFactory(**rights))

    assert (f'href="{DESK}"' in client.get(reverse("home")).text) is shown


def test_the_navigation_leads_editors_to_the_desk(editor_client):
    assert f'href="{DESK}"' in editor_client.get(reverse("home")).text
    assert f'href="{DESK}" aria-current="page"' in editor_client.get(DESK).text


def test_the_navigation_asks_for_permissions_of_the_staff_only(client, django_assert_num_queries):
    client.force_login(UserFactory())
    client.get(reverse("newsletter:subscribe"))

    with django_assert_num_queries(2):  # session and user
        client.get(reverse("newsletter:subscribe"))


def test_the_list_has_every_issue_with_its_state(editor_client):
    draft, sent = IssueFactory(title="One & only"), DispatchFactory(status="sent").issue

    page = editor_client.get(DESK)

    assert "One &amp; only" in page.text
    assert reverse("mailing:issue", args=[draft.slug]) in page.text
    assert reverse("mailing:issue", args=[sent.slug]) in page.text
    assert page.text.count('<span class="mode">Draft</span>') == 1
    assert page.text.count('<span class="mode">Sent</span>') == 1


def test_an_empty_list_says_so(editor_client):
    assert "No issue has been written yet." in editor_client.get(DESK).text


def test_a_long_list_is_on_several_pages(editor_client, django_assert_max_num_queries):
    IssueFactory.create_batch(21)

    with django_assert_max_num_queries(8):
        first = editor_client.get(DESK)
    second = editor_client.get(DESK, {"page": 2})

    assert (len(first.context["page"]), len(second.context["page"])) == (20, 1)


def test_an_issue_that_does_not_exist_is_not_found(editor_client):
    urls = [url for url in staff_urls("nothing") if "nothing" in url]
    opened = [editor_client.get(url, follow=True).status_code for url in urls]
    pressed = [editor_client.post(url, {"lifetime": "24"}, follow=True).status_code for url in urls]

    assert set(opened) == {404}
    assert set(pressed) <= {404, 405}


@pytest.mark.parametrize("status", Dispatch.Status.values)
def test_every_state_has_its_page_with_one_headline(editor_client, status):
    dispatch = DispatchFactory(status=status)

    page = editor_client.get(reverse("mailing:issue", args=[dispatch.issue.slug]))

    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert f'<span class="mode">{dispatch.get_status_display()}</span>' in page.text


@pytest.mark.parametrize(("published_at", "state"), [(None, "Draft"), (timezone.now(), "Published")])
def test_an_issue_that_was_never_sent_has_its_page_and_can_be_sent(editor_client, published_at, state):
    issue = IssueFactory(published_at=published_at)

    page = editor_client.get(reverse("mailing:issue", args=[issue.slug]))

    assert f'<span class="mode">{state}</span>' in page.text
    assert reverse("mailing:send", args=[issue.slug]) in page.text


def without(editor, *names):
    editor.user_permissions.remove(*editor.user_permissions.filter(codename__in=names))


SENDING = ["send", "unschedule", "pause", "resume", "cancel"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("button", SENDING)
def test_an_editor_who_must_not_send_sends_nothing(editor, editor_client, issue, button, method):
    without(editor, "send_issue")
    before = state()

    answer = getattr(editor_client, method)(reverse(f"mailing:{button}", args=[issue.slug]))

    assert reason(answer) == "permission"
    assert state() == before


def test_an_editor_who_must_not_preview_shares_nothing(editor, editor_client, issue):
    without(editor, "preview_issue")

    answer = editor_client.post(reverse("mailing:share", args=[issue.slug]), {"lifetime": "7"})

    assert reason(answer) == "permission"


@pytest.mark.parametrize(("permission", "button"), [("send_issue", "send"), ("preview_issue", "share")])
def test_a_draft_has_the_buttons_of_what_its_editor_may_do(editor, editor_client, issue, permission, button):
    page, address = (reverse(f"mailing:{name}", args=[issue.slug]) for name in ("issue", button))
    assert address in editor_client.get(page).text

    without(editor, permission)

    assert address not in editor_client.get(page).text


def test_somebody_who_may_only_write_is_not_left_on_a_refusal(editor, editor_client):
    without(editor, "change_issue", "send_issue", "preview_issue")

    page = editor_client.post(reverse("mailing:compose"), {"title": "News", "body": "Text."}, follow=True)

    assert page.status_code == 200
    assert "An editor can take it from here." in page.text
    assert Issue.objects.get().title == "News"
