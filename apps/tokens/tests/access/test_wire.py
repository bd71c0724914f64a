import pytest
from django.core.signing import Signer
from hypothesis import given
from hypothesis import strategies as st

from ...access import tokens, wire
from ...access.scope import Scope
from .conftest import NOW

KEY = "a fixed key"
ISSUE = ("newsletter", "issue", "5")


def grants(*pairs):
    return Scope(frozenset(pairs))


# People have these strings in their inboxes. If a line fails, the code is wrong, never the line.
LAW = [
    (
        grants(((), "publish")),
        None,
        "1xV2US-publish",
        "9uicEClNAbQoxkkhk8cs65ON03ELndo1WKe4Cy1K07A",
    ),
    (
        grants((("shop",), "publish")),
        None,
        "1xV2USshop-publish",
        "OgfOPcB4-KzgddzZ91mTTLxMdOG51rGFPYu8bwoQ0iI",
    ),
    (
        grants((("newsletter", "issue"), "publish")),
        None,
        "1xV2USnewsletter.issue-publish",
        "mUoYETcgKQGBnLzKqNF3QdY24CYNso6Ws-FikYp4svE",
    ),
    (
        grants((ISSUE, "publish")),
        None,
        "1xV2USnewsletter.issue.5-publish",
        "fjkRV88Yis-89Wy9kgZOUaNmv3uyiCoBmkEeNO32gd0",
    ),
    (
        grants((ISSUE, "newsletter.preview_issue")),
        None,
        "1xV2USnewsletter.issue.5.preview",
        "yhyxTyYMyFAkj-__SV_32RcU8qs1D8v5oT5CjGWQ6xI",
    ),
    (
        grants((ISSUE, "newsletter.preview_issue")),
        604_800,
        "1xV2US.2XKq.newsletter.issue.5.preview",
        "4H6b16ioIKmZX03NPqKXBCizLQoCL7Y11Cs0B3uoRrQ",
    ),
    (
        grants(((), "publish")),
        1,
        "1xV2US.1.-publish",
        "UHhvCZTSjgkFLdoNoMAIyxQQs32YToOGTJv0tRUVxJQ",
    ),
    (
        grants((("newsletter", "issue"), "newsletter.change_issue")),
        None,
        "1xV2USnewsletter.issue..change",
        "pwrk1hVOhReQoQOW4R6iSxcFYN8saf8o3CXY1YSLOvk",
    ),
    (
        grants((("newsletter",), "newsletter.change_issue")),
        None,
        "1xV2USnewsletter-newsletter~2Echange_issue",
        "B6Z5sbm6Z3xPhYGFNWao90PZB-uhvCyXQ4nROTBlelQ",
    ),
    (
        grants((ISSUE, "newsletter.change_issue"), (ISSUE, "change"), (ISSUE, ".change")),
        None,
        "1xV2USnewsletter.issue.5.change-~2Echange-change",
        "K-nJsTfQZtCYlrKXMtHn8-zZ0jTVJtPvHxpqY_BITh8",
    ),
    (
        grants((ISSUE, "newsletter._issue"), (ISSUE, "newsletter.change_Issue"), (ISSUE, "newspapers.change_issue")),
        None,
        "1xV2USnewsletter.issue.5-newsletter~2E_issue-newsletter~2Echange_Issue-newspapers~2Echange_issue",
        "MoLG7SuZW8O_rCK9lMI2CYTzTT3dm7xVDLe2JZ7Azz8",
    ),
    (
        grants((ISSUE, "newsletter.a.b_c-d_issue")),
        None,
        "1xV2USnewsletter.issue.5.a~2Eb_c~2Dd",
        "VakpmgdLNEtFoHi_8XSspZR6CGTRfRzH_cbNumIRuGk",
    ),
    (
        grants((("newsletter", "issue", "10"), "read"), (("newsletter", "issue", "9"), "read"), (ISSUE, "write")),
        None,
        "1xV2USnewsletter.issue.10~~9-read--newsletter.issue.5-write",
        "6TzHoFHVeMS6VyYnjskMnNIw10M9Lq3QAJS8wVpryCY",
    ),
    (
        grants((("newsletter", "issue"), "read"), (("newsletter", "issue", ""), "read"), ((), "read"), (ISSUE, "read")),
        None,
        "1xV2US-read--newsletter.issue-read--newsletter.issue.~0~~5-read",
        "h1GEt3BJ4YXdkQ83eapxIJeL4O8CikgonPfBP0hkC5g",
    ),
    (
        grants((("shop", "item", "00000000-0000-0000-0000-000000000007"), "shop.view_item")),
        None,
        "1xV2USshop.item.00000000~2D0000~2D0000~2D0000~2D000000000007.view",
        "Cjo5Uj0-kykpLVFT245w_6cZgfQQ9OPB0wnFHyLX6ns",
    ),
    (
        grants((("shop", "seat", '["A", "9.00"]'), "read")),
        None,
        "1xV2USshop.seat.~5B~22A~22~2C~20~229~2E00~22~5D-read",
        "GRTAEFYe5iKoJeafd4dGIivZvw12SqPC6joQeduObtk",
    ),
    (
        grants((("shop", "item", "~0"), "read"), (("shop", "item", "é/\ud800"), "read")),
        None,
        "1xV2USshop.item.~7E0~~~C3~A9~2F~ED~A0~80-read",
        "qSrZ4QMogQXUB2zkHCdGSVs1LhVJgY6r2qJWtyvun6U",
    ),
]


@pytest.mark.parametrize(("scope", "expires_in", "payload", "signature"), LAW)
def test_tokens_mailed_before_an_upgrade_open_after_it(clock, scope, expires_in, payload, signature):
    found = tokens.inspect(payload + signature, key=KEY)

    assert (found.reason, found.scope, found.issued_at.timestamp()) == (tokens.Reason.OK, scope, NOW)
    assert (found.expires_at and found.expires_at.timestamp() - NOW) == expires_in


@pytest.mark.parametrize(("scope", "expires_in", "payload", "signature"), LAW)
def test_a_new_token_is_written_by_the_same_law(clock, scope, expires_in, payload, signature):
    assert tokens.generate(scope, key=KEY, expires_in=expires_in) == payload + signature


def test_a_realm_is_the_fourth_part_of_the_salt(settings):
    settings.REQUEST_TOKEN_REALM = "acme"
    signer = Signer(key=KEY, salt='["tokens.access.1", "a salt", "draft", "acme"]', algorithm="sha256")
    payload = "1xV2US-publish"

    token = payload + signer.signature(payload)

    assert tokens.inspect(token, key=KEY, salt="a salt", state="draft").reason is tokens.Reason.OK


PREVIEW = "newsletter.preview_issue"


@pytest.mark.parametrize("permission", ["newsletter.preview_issue", "newsletter.change_issue", "publish"])
def test_a_token_for_one_object_has_75_characters_at_most(permission):
    assert len(tokens.generate(grants((("newsletter", "issue", "1"), permission)))) <= 75


def test_another_object_with_the_same_permissions_costs_its_key_and_two_characters():
    one = grants((ISSUE, PREVIEW))
    two = one + grants((("newsletter", "issue", "6"), PREVIEW))

    assert len(tokens.generate(two)) == len(tokens.generate(one)) + 3


AWKWARD_TEXT = st.one_of(
    st.sampled_from(["a", "issue", "change", "a.change_issue", "_issue", "a.", "~", "~0", "~~", "--", "-", ".", "%7E"]),
    st.text(alphabet="a_.~-%0 \x00é\ud800\udc00", max_size=6),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=6),
)
NAMES = st.sampled_from(["a", "b", "issue", "a-b", "ü"])
PATHS = st.one_of(
    st.just(()), st.tuples(NAMES), st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES, AWKWARD_TEXT | st.just(""))
)
SCOPES = st.frozensets(st.tuples(PATHS, AWKWARD_TEXT.filter(bool)), min_size=1, max_size=6).map(Scope)
UNRESERVED = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
SECONDS = st.integers(0, wire.MAX_LIFETIME)


@given(SCOPES, SECONDS, st.none() | SECONDS)
def test_whatever_is_written_is_read_back(scope, issued, lifetime):
    claims = wire.Claims(scope, issued, lifetime)

    assert wire.decode(wire.encode(claims)) == claims


@given(SCOPES, st.none() | SECONDS)
def test_every_character_may_stand_in_a_url_as_it_is(scope, lifetime):
    assert not set(wire.encode(wire.Claims(scope, NOW, lifetime))) - UNRESERVED


@pytest.mark.parametrize("key", ["x" * 10_000, "\ud800" * 10_000, ".-~" * 3_000, "é" * 10_000])
def test_a_very_long_key_is_no_problem(key):
    scope = grants((("shop", "item", key), "read"))

    assert tokens.inspect(tokens.generate(scope)).scope == scope


def test_three_thousand_grants_fit_into_a_token():
    scope = Scope(frozenset((("newsletter", "issue", str(key)), f"permission_{key}") for key in range(3000)))

    assert tokens.validate(tokens.generate(scope), scope)


def test_a_token_that_would_be_too_long_to_be_read_is_not_minted():
    with pytest.raises(ValueError, match="grant less"):
        tokens.generate(grants((("shop", "item", "x" * 300_000), "read")))


SIGNED_RUBBISH = st.one_of(
    st.text(alphabet="09azAZ._~-", max_size=30),
    st.text(alphabet="1xV2USa.~-%0", max_size=30).map("1xV2US".__add__),
    st.text(alphabet=st.characters(max_codepoint=127), max_size=20),
)


@given(SIGNED_RUBBISH)
def test_nothing_that_the_key_signed_can_raise(payload):
    signer = Signer(key=KEY, salt='["tokens.access.1", null, null]', algorithm="sha256")

    assert tokens.inspect(payload + signer.signature(payload), key=KEY).reason != tokens.Reason.BAD_SIGNATURE


MALFORMED = ["", "1xV2U", "-publish", "1xV2U~-publish", "1xV2US.0000000.-publish", "1xV2US..-publish"]
MALFORMED += ["1xV2US", "1xV2USshop", "1xV2USshop.item.5", "1xV2USshop-", "1xV2USshop..5-read", "1xV2USshop-~FF"]


@pytest.mark.parametrize("payload", MALFORMED)
def test_a_signed_payload_that_breaks_the_law_is_malformed(payload):
    signer = Signer(key=KEY, salt='["tokens.access.1", null, null]', algorithm="sha256")

    assert tokens.inspect(payload + signer.signature(payload), key=KEY) == tokens.Inspection(tokens.Reason.MALFORMED)
