import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.newsletter.models import Issue
from apps.tokens.models import RequestToken
from config import demo
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

HOME = reverse("home")
FLOWS = [flow.slug for flow in demo.FLOWS]


@pytest.fixture
def with_debug(settings):
    settings.DEBUG = True


def start(client, slug):
    """Press the button of a card."""
    return client.post(reverse("start_flow", args=[slug]))


def follow(client, answer):
    return client.get(answer.url)


def test_the_front_page_has_the_latest_issues_and_the_way_to_subscribe(client):
    demo.seed()

    page = client.get(HOME).content.decode()

    titles = [issue.title for issue in Issue.objects.published()]
    assert len(titles) == 3
    assert all(title in page for title in titles)
    assert f'href="{reverse("newsletter:subscribe")}"' in page


def test_an_empty_front_page_says_so(client):
    assert "No issue has been published yet." in client.get(HOME).content.decode()


def test_without_debug_there_are_no_flows(client):
    page = client.get(HOME).content.decode()

    assert "The flows" not in page
    assert "/demo/" not in page


@pytest.mark.parametrize("slug", FLOWS)
def test_without_debug_no_link_is_made_for_anybody(client, slug):
    answer = start(client, slug)

    assert answer.status_code == 404
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize(("position", "flow"), list(enumerate(demo.FLOWS)), ids=FLOWS)
def test_with_debug_every_flow_has_mode_file_and_one_button(client, with_debug, position, flow):
    page = client.get(HOME).content.decode()

    card = re.findall(r'<li class="card">(.*?)</li>', page, re.DOTALL)[position]
    assert flow.mode in card
    assert f"issued in {flow.issued_in}, taken in {flow.taken_in}" in card
    assert card.count("<button") == 1
    assert f'action="{reverse("start_flow", args=[flow.slug])}"' in card


def line_at(place, base_dir):
    file, number = place.split(":")
    return (base_dir / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]


@pytest.mark.parametrize("flow", demo.FLOWS, ids=FLOWS)
def test_a_card_names_the_line_where_the_issuing_function_begins(settings, flow):
    assert line_at(flow.issued_in, settings.BASE_DIR).startswith(f"def {flow.issued_by.__name__}(")


@pytest.mark.parametrize("flow", demo.FLOWS, ids=FLOWS)
def test_a_card_names_the_line_of_the_decorator_that_takes_the_token(settings, flow):
    declared = line_at(flow.taken_in, settings.BASE_DIR)

    assert declared.startswith("@access_token_required(" if flow.slug == "preview" else "@use_request_token(")


def test_the_front_page_holds_no_token_and_makes_none(client, with_debug):
    page = client.get(HOME).content.decode()

    assert "rt=" not in page
    assert not RequestToken.objects.exists()


@pytest.mark.parametrize("slug", FLOWS)
def test_every_button_leads_to_a_page_that_works_again_and_again(client, with_debug, slug):
    first = start(client, slug)
    client.post(first.url)
    client.logout()

    second = start(client, slug)

    assert first.status_code == second.status_code == 303
    assert follow(client, second).status_code == 200


def test_the_affiliate_flow_greets_with_the_members_name(client, with_debug):
    page = follow(client, start(client, "affiliate"))

    assert "Member invites you" in unescape(page.content.decode())


def test_the_sign_in_flow_signs_reader_in(client, with_debug):
    client.post(start(client, "sign-in").url)

    assert client.get(HOME).context["user"].email == demo.READER


def test_the_unsubscribe_flow_can_be_walked_twice(client, with_debug):
    pages = [client.post(start(client, "unsubscribe").url).content.decode() for _ in range(2)]

    assert all("You are unsubscribed" in page for page in pages)


def test_the_sign_up_flow_can_be_walked_twice(client, with_debug):
    names = []
    for _ in range(2):
        client.post(start(client, "sign-up").url)
        names.append(client.get(HOME).context["user"].get_username())
        client.logout()

    assert names == [demo.NEWCOMER] * 2


def test_the_confirm_flow_can_be_walked_twice(client, with_debug):
    pages = [client.post(start(client, "confirm").url).content.decode() for _ in range(2)]

    assert all("You are subscribed" in page for page in pages)


def test_the_preview_flow_opens_the_demos_draft_and_makes_no_row(client, with_debug):
    demo.seed()

    page = follow(client, start(client, "preview")).content.decode()

    draft = Issue.objects.get(published_at=None)
    assert f"<title>Draft: {draft.title}" in page
    assert not RequestToken.objects.filter(scope="newsletter.preview_issue").exists()


def test_the_preview_flow_works_on_when_the_draft_was_sent(client, with_debug):
    demo.seed()
    Issue.objects.filter(published_at=None).update(published_at=timezone.now())

    assert follow(client, start(client, "preview")).status_code == 200
    assert Issue.objects.filter(published_at=None).count() == 1


@pytest.mark.parametrize("slug", ["unsubscribe", "sign-in"])
def test_somebody_else_who_is_signed_in_is_signed_out_and_told_so(client, with_debug, slug):
    demo.seed()
    client.force_login(User.objects.get(email=demo.EDITOR))

    page = follow(client, start(client, slug))

    assert page.status_code == 200
    assert f"You were signed in as {demo.EDITOR}" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_reader_who_is_signed_in_stays_so(client, with_debug):
    demo.seed()
    client.force_login(User.objects.get(email=demo.READER))

    start(client, "unsubscribe")

    assert "_auth_user_id" in client.session


def test_a_flow_that_does_not_exist_is_not_found(client, with_debug):
    assert start(client, "nothing").status_code == 404


def test_a_flow_is_not_started_by_a_link(client, with_debug):
    assert client.get(reverse("start_flow", args=["sign-in"])).status_code == 405


def test_a_flow_is_not_started_by_another_site(with_debug):
    answer = start(Client(enforce_csrf_checks=True), "sign-in")

    assert reason(answer) == "csrf"
