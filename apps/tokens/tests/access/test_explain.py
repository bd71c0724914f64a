"""Every reason why a link with an access token can be refused, as support reads it."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import path

from ...access import scope, tokens
from ...access.decorators import access_url
from ...explain import explain
from ...models import RequestToken
from ..sample.models import Item
from ..support import LABEL, run
from . import urls

pytestmark = pytest.mark.django_db

READ = urls.READ
WEEK = 7 * 24 * 3600


def needs_a_session(request, pk):
    return request.session["item"]


urlpatterns = [
    *urls.urlpatterns,
    path("session/<int:pk>/", urls.access_token_required(READ, obj=needs_a_session)(urls.ran)),
    path("admin/", admin.site.urls),
]

# The code, the question, and words of the answer that only support gets.
REASONS = {
    "no token": ("missing", "Does it carry an access token?", "needs a link"),
    "no object": ("invalid", "Is there what this page is about?", "does not exist"),
    "forged": ("invalid", "Is it signed by this site, and for the present state of the object?", "forged"),
    "cut short": ("invalid", "Is it signed by this site, and for the present state of the object?", "cut short"),
    "another state": ("invalid", "Is it signed by this site, and for the present state of the object?", "has changed"),
    "another object": ("invalid", "Does it grant this on this object?", "grants something else"),
    "expired": ("expired", "Is it within its time?", "It expired on"),
    "too early": ("not_yet_valid", "Is it within its time?", "does not work yet"),
    "too little": ("scope", "Does it grant all that the page asks?", "another page"),
}


@pytest.fixture(autouse=True)
def with_the_admin(own_access_urls, settings):
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def item():
    return Item.objects.create()


@pytest.fixture
def refused(item, clock):
    def make(reason):
        granted = scope.access_obj(item, READ)
        if reason == "too early":
            clock.tick(WEEK)
        link = access_url(f"/sync/{item.pk}/", granted, expires_in=timedelta(days=1))
        if reason == "too early":
            clock.tick(-WEEK)
        if reason == "expired":
            clock.tick(WEEK)
        return {
            "no token": f"/sync/{item.pk}/",
            "no object": link.replace(f"/{item.pk}/", "/0/"),
            "forged": link + "x",
            "cut short": link[: link.index("at=") + 9],
            "another state": link.replace("/sync/", "/state/"),
            "another object": access_url(f"/sync/{Item.objects.create().pk}/", granted),
            "too little": access_url("/everything/", scope.access_all(READ)),
        }.get(reason, link)

    return make


@pytest.mark.parametrize("reason", REASONS)
def test_the_command_names_each_reason(refused, reason):
    code, question, words = REASONS[reason]

    *_, refusal, verdict = run("explain_token", refused(reason)).splitlines()

    assert f"“{code}”" in verdict
    assert refusal.startswith(question)
    assert words in refusal


@pytest.mark.parametrize("reason", REASONS)
def test_the_page_names_each_reason(client, make_user, refused, reason):
    link = refused(reason)
    client.force_login(make_user("support@example.com", is_staff=True, is_superuser=True))

    page = client.post(f"/admin/{LABEL}/requesttoken/explain/", {"link": link})

    [refusal] = [step for step in page.context["explanation"].steps if step.is_refusal]
    assert (page.context["explanation"].error.code, refusal.question) == REASONS[reason][:2]
    assert link.partition("at=")[2][:20] not in page.text or "at=" not in link


@pytest.mark.parametrize("reason", REASONS)
def test_a_click_is_refused_for_the_reason_that_was_explained(client, refused, reason):
    link = refused(reason)

    assert client.get(link).context["error"].code == explain(link).error.code


def test_a_good_link_is_told_with_what_it_grants(item):
    told = run("explain_token", access_url(f"/sync/{item.pk}/", scope.access_obj(item, READ)))

    assert "It would be accepted." in told
    assert f"{READ!r} on {Item._meta.label_lower} '{item.pk}'" in told


def test_a_token_without_its_link_is_told_with_what_it_grants(item):
    token = tokens.generate(scope.access_obj(item, READ), expires_in=60)

    explanation = explain(token)

    assert explanation.error is None
    assert READ in explanation.steps[-1].answer


def test_a_token_without_its_link_that_has_expired_is_told_so(item, clock):
    token = tokens.generate(scope.access_obj(item, READ), expires_in=60)
    clock.tick(61)

    assert explain(token).error.code == "expired"


def test_a_token_without_its_link_that_has_a_state_may_not_be_forged(item):
    token = tokens.generate(scope.access_obj(item, READ), state="draft")

    assert "only its whole link can tell" in explain(token).steps[-1].answer


def test_where_an_object_cannot_be_found_from_here_that_is_said(item):
    explanation = explain(access_url(f"/session/{item.pk}/", scope.access_obj(item, READ)))

    assert explanation.error is None
    assert "cannot be told from here" in explanation.verdict


def test_a_view_with_two_rules_is_asked_for_both(make_token):
    link = make_token(scope="other").tokenise(access_url("/both-rules/", scope.access_all("test.read")))

    explanation = explain(link)

    questions = [step.question for step in explanation.steps]
    assert questions.index("Does it grant all that the page asks?") < questions.index("Is it for this page?")
    assert explanation.error.code == "scope"
    assert not RequestToken.objects.get().used_to_date
