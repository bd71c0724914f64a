import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.demo import cards, seed
from apps.newsletter.models import Issue
from apps.tokens.models import RequestToken
from tests.support.refusals import reason

pytestmark = pytest.mark.django_db

HOME, DEMO = reverse("home"), reverse("demo:page")
FLOWS = [flow.slug for flow in cards.FLOWS]
PLACES = [place.slug for place in cards.PLACES if place.path]


@pytest.fixture
def with_debug(settings):
    settings.DEBUG = True


def start(client, slug):
    """Press the button of a card."""
    return client.post(reverse("demo:start", args=[slug]))


def follow(client, answer):
    return client.get(answer.url)


def test_the_front_page_leads_to_the_demo_in_one_line(client, with_debug):
    page = client.get(HOME).content.decode()

    assert page.count(f'href="{DEMO}"') == 1
    assert '<li class="card">' not in page


def test_without_debug_there_is_no_demo(client):
    assert "/demo/" not in client.get(HOME).content.decode()
    assert client.get(DEMO).status_code == 404


@pytest.mark.parametrize("slug", [*FLOWS, *PLACES])
def test_without_debug_no_link_is_made_for_anybody(client, slug):
    answer = start(client, slug)

    assert answer.status_code == 404
    assert not RequestToken.objects.exists()


def cards_of(client):
    """The cards of the page: their text by their button's address."""
    found = re.findall(r'<li class="card">(.*?)</li>', client.get(DEMO).content.decode(), re.DOTALL)
    return {re.search(r'action="([^"]+)"', card)[1]: unescape(card) for card in found}


@pytest.mark.parametrize("flow", cards.FLOWS, ids=FLOWS)
def test_every_flow_has_its_mode_in_words_and_as_a_constant_its_lines_and_one_quiet_button(client, with_debug, flow):
    card = cards_of(client)[reverse("demo:start", args=[flow.slug])]

    assert f"{str(flow.mode.words).capitalize()} <code>{flow.mode.constant}</code>" in card
    assert re.findall(r"<dd>(.*?)</dd>", card) == [flow.issued_in, flow.taken_in]
    assert re.findall(r'<button class="(.*?)"', card) == ["button-quiet"]


@pytest.mark.parametrize("place", cards.PLACES, ids=lambda place: place.slug)
def test_every_place_that_is_there_has_a_card(client, with_debug, place):
    shown = cards_of(client).get(reverse("demo:start", args=[place.slug]), "")

    assert (str(place.title) in shown) == bool(place.path)
    assert not place.path or place.shown_in in shown


def test_a_place_that_is_not_there_has_no_card():
    place = cards.Place(slug="x", title="X", sentence="X", button="X", url_name="nowhere:at_all")

    assert place.path == ""


def line_at(place, base_dir):
    file, number = place.split(":")
    return (base_dir / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]


@pytest.mark.parametrize("flow", cards.FLOWS, ids=FLOWS)
def test_a_card_names_the_line_where_the_issuing_function_begins(settings, flow):
    assert line_at(flow.issued_in, settings.BASE_DIR).startswith(f"def {flow.issued_by.__name__}(")


@pytest.mark.parametrize("flow", cards.FLOWS, ids=FLOWS)
def test_a_card_names_the_line_of_the_decorator_that_takes_the_token(settings, flow):
    declared = line_at(flow.taken_in, settings.BASE_DIR)

    assert declared.startswith("@access_token_required(" if flow.slug == "preview" else "@use_request_token(")


def test_the_demo_page_holds_no_token_and_makes_none(client, with_debug):
    page = client.get(DEMO).content.decode()

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

    assert client.get(HOME).context["user"].email == seed.READER


def test_the_unsubscribe_flow_can_be_walked_twice(client, with_debug):
    pages = [client.post(start(client, "unsubscribe").url).content.decode() for _ in range(2)]

    assert all("You are unsubscribed" in page for page in pages)


def test_the_sign_up_flow_can_be_walked_twice(client, with_debug):
    names = []
    for _ in range(2):
        client.post(start(client, "sign-up").url)
        names.append(client.get(HOME).context["user"].get_username())
        client.logout()

    assert names == [seed.NEWCOMER] * 2


def test_the_confirm_flow_can_be_walked_twice(client, with_debug):
    pages = [client.post(start(client, "confirm").url).content.decode() for _ in range(2)]

    assert all("You are subscribed" in page for page in pages)


def test_the_preview_flow_opens_the_demos_draft_and_makes_no_row(client, with_debug):
    seed.seed()

    page = follow(client, start(client, "preview")).content.decode()

    draft = Issue.objects.get(published_at=None)
    assert f"<title>Draft: {draft.title}" in page
    assert not RequestToken.objects.filter(scope="newsletter.preview_issue").exists()


def test_the_preview_flow_works_on_when_the_draft_was_sent(client, with_debug):
    seed.seed()
    Issue.objects.filter(published_at=None).update(published_at=timezone.now())

    assert follow(client, start(client, "preview")).status_code == 200
    assert Issue.objects.filter(published_at=None).count() == 1


@pytest.mark.parametrize("place", [place for place in cards.PLACES if place.path], ids=PLACES)
def test_every_place_opens_from_its_card_for_whom_it_names(client, with_debug, place):
    seed.seed()
    opened = start(client, place.slug)
    if place.acts_for:
        opened = client.post(opened.url)

    page = client.get(opened.url)

    assert opened.url == place.path
    assert page.status_code == 200


def test_a_place_opens_at_once_for_whoever_is_signed_in_already(client, with_debug):
    seed.seed()
    client.force_login(User.objects.get(email=seed.EDITOR))

    assert start(client, "desk").url == reverse("mailing:issues")


def test_the_code_of_a_place_is_in_this_project(settings):
    shown_in = [place.shown_in for place in cards.PLACES if place.path]

    assert all(line_at(place, settings.BASE_DIR).startswith(("def ", "class ")) for place in shown_in)


@pytest.mark.parametrize("slug", ["unsubscribe", "sign-in", "invite"])
def test_somebody_else_who_is_signed_in_is_signed_out_and_told_so(client, with_debug, slug):
    seed.seed()
    client.force_login(User.objects.get(email=seed.EDITOR))

    page = follow(client, start(client, slug))

    assert page.status_code == 200
    assert f"You were signed in as {seed.EDITOR}" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_reader_who_is_signed_in_stays_so(client, with_debug):
    seed.seed()
    client.force_login(User.objects.get(email=seed.READER))

    start(client, "unsubscribe")

    assert "_auth_user_id" in client.session


def test_a_flow_that_does_not_exist_is_not_found(client, with_debug):
    assert start(client, "nothing").status_code == 404


def test_a_flow_is_not_started_by_a_link(client, with_debug):
    assert client.get(reverse("demo:start", args=["sign-in"])).status_code == 405


def test_a_flow_is_not_started_by_another_site(with_debug):
    answer = start(Client(enforce_csrf_checks=True), "sign-in")

    assert reason(answer) == "csrf"
