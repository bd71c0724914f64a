"""Every reason why a link can be refused, as support reads it; and that it is the reason which a click would get."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError
from django.urls import resolve
from django.utils.timezone import now

from .. import exceptions
from ..explain import explain, explain_request
from ..models import RequestToken, RequestTokenLog
from . import urls
from .support import FUTURE, LABEL, PAST, run

EXPLAIN = f"/admin/{LABEL}/requesttoken/explain/"

BY_FIELDS = {
    "revoked": {"revoked_at": PAST},
    "expired": {"expiration_time": PAST},
    "not_yet_valid": {"not_before_time": FUTURE},
    "used_up": {"used_to_date": 1},
    "scope": {"scope": "other"},
}
# The reasons in the order in which they are asked for, and the question that each is the answer to.
QUESTIONS = {
    "method": "Does it take them by a click?",
    "missing": "Does it carry a token?",
    "invalid": "Is it signed by this site, and whole?",
    "unknown": "Is it on record?",
    "scope": "Is it for this page?",
    "revoked": "Has it been revoked?",
    "expired": "Has it expired?",
    "not_yet_valid": "Has its time begun?",
    "used_up": "Is a use left?",
    "inactive_user": "Is the account open?",
    "user_changed": "Is the account as it was when the link was made?",
    "wrong_user": "Is somebody else signed in?",
}


@pytest.fixture
def support(make_user):
    """Somebody who may look at tokens and do nothing else."""
    user = make_user("support@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_requesttoken"))
    return user


@pytest.fixture
def support_client(client, support):
    client.force_login(support)
    return client


@pytest.fixture
def refused(make_token, user, request_token, session_token):
    """A link that is refused for this reason."""

    def make(reason):
        if reason in BY_FIELDS:
            return make_token(**BY_FIELDS[reason]).tokenise("/optional/")
        if reason == "user_changed":
            user.set_password("another")
            user.save()
            return session_token.tokenise("/optional/")
        if reason == "inactive_user":
            type(user).objects.filter(pk=user.pk).update(is_active=False)
        link = request_token.tokenise({"method": "/only-put/"}.get(reason, "/optional/"))
        if reason == "unknown":
            RequestToken.objects.all().delete()
        return {"missing": "/required/", "invalid": link[:-1]}.get(reason, link)

    return make


def question_of_refusal(explanation):
    return [step.question for step in explanation.steps if step.is_refusal]


def test_every_reason_has_its_question():
    leaves = {leaf.code for leaf in exceptions.TokenError.__subclasses__() if leaf.__module__ == exceptions.__name__}

    assert leaves == set(QUESTIONS)


@pytest.mark.parametrize("reason", QUESTIONS)
def test_the_page_names_each_reason(support_client, refused, stranger, reason):
    link = refused(reason)

    page = support_client.post(EXPLAIN, {"link": link, "visitor": stranger.email})

    explanation = page.context["explanation"]
    assert (explanation.error.code, question_of_refusal(explanation)) == (reason, [QUESTIONS[reason]])
    assert QUESTIONS[reason] in page.text
    assert str(explanation.error.title) in page.text


@pytest.mark.parametrize("reason", QUESTIONS)
def test_the_command_names_each_reason(refused, stranger, reason):
    link = refused(reason)

    told = run("explain_token", link, "--as", stranger.email)

    assert f"“{reason}”" in told.splitlines()[-1]
    assert QUESTIONS[reason] in told.splitlines()[-2]


@pytest.mark.parametrize("reason", [reason for reason in QUESTIONS if reason != "method"])
def test_a_click_is_refused_for_the_reason_that_was_explained(client, refused, stranger, reason):
    link = refused(reason)
    client.force_login(stranger)

    explained = explain(link, visitor=stranger)

    assert client.get(link).context["error"].code == explained.error.code


def test_a_click_by_a_method_that_the_view_does_not_take_is_405(client, refused):
    assert client.get(refused("method")).status_code == 405


def test_the_first_of_several_reasons_is_given(client, make_token):
    everything = {**BY_FIELDS["revoked"], **BY_FIELDS["expired"], **BY_FIELDS["used_up"]}
    link = make_token(**everything).tokenise("/optional/")

    explanation = explain(link)

    assert explanation.error.code == "revoked" == client.get(link).context["error"].code


def test_what_the_link_itself_says_of_its_time_counts_too(make_token):
    token = make_token(expiration_time=now() - timedelta(seconds=5))
    link = token.tokenise("/optional/")
    RequestToken.objects.update(expiration_time=FUTURE)

    explanation = explain(link)

    assert question_of_refusal(explanation) == ["Is it in time by what the link itself says?"]


def test_asking_uses_nothing_up_and_leaves_no_trace(support_client, session_token, user):
    link = session_token.tokenise("/straight/")
    before = RequestToken.objects.values().get()

    page = support_client.post(EXPLAIN, {"link": link})

    assert page.context["explanation"].error is None
    assert RequestToken.objects.values().get() == before
    assert not RequestTokenLog.objects.exists()
    assert support_client.get("/undeclared/").json()["user"] == "support@example.com"


def test_a_good_link_is_told_with_its_view_and_its_line(request_token):
    told = run("explain_token", request_token.tokenise("/class/"))

    assert f"{urls.__name__}.ClassBased (" in told
    assert "urls.py:" in told
    assert "It would be accepted." in told


def test_a_token_without_its_link_is_explained_by_the_page_of_its_scope(request_token):
    told = run("explain_token", request_token.jwt())

    assert "/optional/ (" in told
    assert "It would be accepted." in told


def test_an_id_is_explained(make_token):
    told = run("explain_token", str(make_token(**BY_FIELDS["used_up"]).pk))

    assert "“used_up”" in told


def test_a_token_that_no_page_takes_is_told_so(make_token):
    assert "None declares the scope “forgotten”." in run("explain_token", str(make_token(scope="forgotten").pk))


def test_a_link_may_be_read_from_standard_input(request_token, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda: request_token.tokenise("https://example.com/optional/"))

    assert "It would be accepted." in run("explain_token", "-")


def test_a_user_who_is_not_there_is_an_error(support_client, request_token):
    page = support_client.post(EXPLAIN, {"link": str(request_token.pk), "visitor": "nobody@example.com"})

    assert "There is no such user." in page.text
    with pytest.raises(CommandError, match="nobody@example.com"):
        run("explain_token", "1", "--as", "nobody@example.com")


def test_a_page_that_takes_no_tokens_is_told_so(client, request_token):
    link = request_token.tokenise("/undeclared/")

    explanation = explain(link)

    assert "changes nothing" in explanation.verdict
    assert client.get(link).json()["has_token"]


def test_a_good_token_on_an_address_that_is_not_there_is_told_so(client, request_token):
    explanation = explain(request_token.tokenise("/no/such/page/"))

    assert explanation.error is None
    assert "404" in explanation.verdict


def test_a_page_that_opens_without_a_token_is_told_so(client):
    assert "opens without a token" in explain("/optional/").verdict


def test_where_only_the_button_is_taken_the_link_is_explained_for_the_button(request_token):
    explanation = explain(request_token.tokenise("/only-post/"))

    assert explanation.error is None
    assert "a click gets 405" in " ".join(step.answer for step in explanation.steps)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0",
            "00",
            "9" * 18,
            "9" * 500,
            "-1",
            "²",
            "x",
            "..",
            "?",
            "/",
            "//",
            "http://[",
            "http://[::1]:x/?rt=1",
            "?rt=",
        ),
        *("/optional/?rt=%00", "\0", "/optional/?rt=\ud800", "/optional/?" + "a=1&" * 2000, "eyJ.eyJ.x", "x" * 100_000),
        *(
            "https://evil.example/?rt=x",
            "/optional/?rt=a&rt=b",
            "/answers/abc/?rt=x",
            "javascript:alert(1)",
            "<b>?rt=<b>",
        ),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_any_text_is_answered(support_client, request_token, text):
    assert explain(text).steps
    assert support_client.post(EXPLAIN, {"link": text.encode("utf-8", "replace").decode()}).status_code == 200


def test_what_was_pasted_is_not_shown_again(support_client, request_token):
    page = support_client.post(EXPLAIN, {"link": request_token.tokenise("/optional/")})

    assert request_token.jwt()[:25] not in page.text


def test_a_payload_or_scope_is_shown_as_text(support_client, make_token):
    token = make_token(scope="<script>alert(1)</script>")

    page = support_client.post(EXPLAIN, {"link": str(token.pk)})

    assert "alert(1)" in page.text
    assert "<script>alert" not in page.text


def test_whoever_may_not_look_at_tokens_gets_no_explanation(client, make_user, request_token):
    client.force_login(make_user("other@example.com", is_staff=True))

    assert client.post(EXPLAIN, {"link": str(request_token.pk)}).status_code == 403


def test_the_page_acts_on_post_alone(support_client, request_token):
    page = support_client.get(EXPLAIN, {"link": request_token.tokenise("/optional/")})

    assert page.context["explanation"] is None


def under_way(request, visitor=None):
    return explain_request(request, resolve(request.path_info), visitor=visitor)


def test_a_request_under_way_is_asked_what_a_click_is_and_nothing_of_what_follows(rf, request_token):
    link = request_token.tokenise("/optional/")

    asked = under_way(rf.get(link))

    assert asked.steps == explain(link).steps[:-1]
    assert asked.token == request_token


def test_a_request_under_way_is_refused_for_the_reason_of_a_click(rf, refused, stranger):
    link = refused("wrong_user")

    asked = under_way(rf.get(link), visitor=stranger)

    assert (asked.error.code, question_of_refusal(asked)) == ("wrong_user", [QUESTIONS["wrong_user"]])


def test_the_token_in_the_form_of_a_request_under_way_is_found(rf, request_token):
    asked = under_way(rf.post("/optional/", {"rt": request_token.jwt()}))

    assert (asked.token, asked.error) == (request_token, None)


def test_the_method_of_a_request_under_way_counts(rf, request_token):
    link = request_token.tokenise("/only-put/")

    assert question_of_refusal(under_way(rf.get(link))) == [QUESTIONS["method"]]
    assert under_way(rf.put(link)).error is None
