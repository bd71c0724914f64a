"""The click from inside: what a page that took a token shows with DEBUG, and that nothing of it is there without."""

import re
from html import unescape

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import asking
from apps.demo import clicks
from apps.newsletter.models import Issue
from apps.tokens.access import scope, tokens
from apps.tokens.explain import explain
from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.site.test_csp import inline_code
from tests.support.browsers import Visitor
from tests.support.pages import Page
from tests.support.project import ROOT

pytestmark = pytest.mark.django_db

LOGIN_LINK = reverse("accounts:login_link")
PROFILE = reverse("accounts:profile")
FOLDED = "The click from inside"


@pytest.fixture(autouse=True)
def debug(settings):
    settings.DEBUG = True
    clicks.last_clicks.clear()


@pytest.fixture
def link():
    return asking.login_token(UserFactory(email="reader@example.com")).tokenise(LOGIN_LINK)


def fold_out(page):
    """The text of the fold-out of this page."""
    [details] = re.findall(r'<details class="inside">.*?</details>', page.text, re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", details)))


def request_of(link, method="get", **post):
    """What a browser of its own is answered, without what is random, and the statements that it took."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = getattr(Client(), method)(link, post)
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.text)
    return text, sorted(page.cookies), [re.sub("'[^']*'", "?", query["sql"]) for query in queries]


def table_of(select):
    words = re.sub('["`]', "", select).split()
    return words[words.index("FROM") + 1]


@pytest.mark.parametrize("path", ["link", "/", "/accounts/"])
def test_without_debug_it_costs_no_query_and_no_byte(settings, link, path):
    address = link if path == "link" else path
    settings.DEBUG = False
    there = request_of(address)
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "InsideMiddleware" not in name]
    not_there = request_of(address)

    assert there == not_there
    assert len(settings.MIDDLEWARE) > 10


def test_with_debug_it_shows_what_the_request_takes_without(settings, link):
    settings.DEBUG = False
    _page, _cookies, statements = request_of(link)
    settings.DEBUG = True
    request_of(link)

    [click] = clicks.last_clicks
    assert len(click.statements) == len(statements) > 0


def test_the_statements_of_somebody_signed_in_are_those_of_the_request_too(client, settings):
    reader = UserFactory()
    token = RequestToken.objects.create_token(
        scope="newsletter.unsubscribe", login_mode=RequestToken.LOGIN_MODE_REQUEST, user=reader, max_uses=None
    )
    link = token.tokenise(reverse("newsletter:unsubscribe"))
    client.force_login(reader)
    settings.DEBUG = False
    with CaptureQueriesContext(connection) as captured:
        client.get(link)
    tables = [table_of(query["sql"]) for query in captured]
    settings.DEBUG = True
    debug_client = Client()
    debug_client.cookies = client.cookies
    debug_client.get(link)

    [click] = clicks.last_clicks
    assert [table_of(statement.sql) for statement in click.statements] == tables
    assert "django_session" in tables


def test_each_statement_has_its_milliseconds_its_file_and_its_line(client, link):
    client.post(link)

    [click] = clicks.last_clicks
    [update] = [each for each in click.statements if each.sql.startswith("UPDATE tokens_requesttoken SET used_to_date")]
    file, line = update.place.split(":")
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert "statement.run(cursor, connection, token=pk, now=now)" in lines[int(line) - 1]
    assert all(re.fullmatch(r"[\w/.-]+\.py:\d+", statement.place) for statement in click.statements)
    assert all(statement.milliseconds > 0 for statement in click.statements)


def test_the_page_with_the_button_shows_the_questions_that_support_reads(client, link):
    page = client.get(link)

    text = fold_out(page)
    for step in explain(link).steps[:-1]:
        assert f"{step.question} {step.answer}" in text
    assert "Does a button come first? Yes." in text
    assert "Uses 0 Signed in nobody" in text
    assert "apps/tokens/statements.py:" in text


def test_a_refusal_shows_the_question_that_refused(client, link):
    client.post(link)

    text = fold_out(Client().get(link))

    assert "Is a use left? This link has already been used." in text
    assert "Is the account open?" not in text
    assert "What is answered? 403 Forbidden." in text


@pytest.mark.django_db(transaction=True)
def test_a_mangled_link_shows_why_and_asks_nothing_more(client, link):
    text = fold_out(client.get(link[:-1]))

    assert "Is it signed by this site, and whole? This link is not valid." in text
    assert "The database was not asked" in text


def test_a_form_without_its_csrf_token_is_refused_before_any_question(link):
    text = fold_out(Visitor().post(link))

    assert "Does the form carry its CSRF token? No." in text
    assert "Has it been revoked?" not in text


def test_after_a_redirect_the_next_page_shows_the_click_that_led_there_once(link):
    visitor = Visitor()

    answer = visitor.press(visitor.get(link))
    first, second = visitor.get(answer.url), visitor.get(answer.url)

    text = fold_out(first)
    assert "The click that led here, from inside · POST /accounts/login/link/: 303, to /accounts/." in text
    assert "Uses 0 → 1 Signed in nobody → reader@example.com" in text
    assert "Is a use taken? Yes: 1 of 1. Who acts? reader@example.com, signed in from now on." in text
    assert "inside" not in second.text


def test_a_use_that_is_given_back_is_said_to_be(client):
    token = RequestToken.objects.create_token(scope="newsletter.confirm", data={"email": "no address"})

    client.post(token.tokenise(reverse("newsletter:confirm")))

    [click] = clicks.last_clicks
    answers = {step.question: step.answer for step in click.explanation.steps}
    assert (click.status, click.uses) == (400, "0")
    assert answers["Is a use taken?"] == "Yes, and given back: the page could not do its work."


def test_a_page_that_takes_an_access_token_shows_its_questions(client):
    issue = Issue.objects.create(title="A draft", slug="a-draft")
    token = tokens.generate(scope.access_obj(issue, "newsletter.preview_issue"))

    text = fold_out(client.get(f"{reverse('newsletter:preview', args=[issue.slug])}?at={token}"))

    assert "Does it carry an access token? Yes." in text


def test_no_token_is_shown_or_kept(client, link):
    page = client.get(link)
    client.post(link)

    signature = link.rpartition(".")[2]
    assert signature not in fold_out(page)
    assert signature not in repr([vars(click) for click in clicks.last_clicks])
    assert signature not in client.get(reverse("demo:laboratory")).text


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/newsletter/subscribe/"])
def test_a_page_that_took_no_token_is_as_it_was(client, path):
    page = client.get(path)

    assert "inside" not in page.text
    assert "inside" not in page.cookies


def test_the_page_is_in_order_has_its_length_and_nothing_inline(client, link):
    page = client.get(link)

    assert FOLDED in page.text
    assert Page(page.text).problems() == []
    assert inline_code(page.text) == []
    assert int(page.headers["Content-Length"]) == len(page.content)


def test_a_client_that_reads_json_gets_json(client, link):
    answer = client.get(link[:-1], headers={"Accept": "application/json"})

    assert answer.json()["code"] == "invalid"


def test_an_async_server_shows_it_too(link):
    page = async_to_sync(AsyncClient().get)(link)

    assert "Does a button come first? Yes." in fold_out(page)
    assert len(clicks.last_clicks[0].statements) == 2
