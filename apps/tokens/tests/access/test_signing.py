import hmac
import string

import pytest
from django.core import signing as django_signing
from django.core.exceptions import ImproperlyConfigured
from django.db.models import TextChoices
from hypothesis import given
from hypothesis import strategies as st

from ...access import scope, tokens
from ...access.tokens import Reason

READ = scope.access_app("shop", "read")
OLD_KEY, NEW_KEY = "old" * 20, "new" * 20


class Status(TextChoices):
    DRAFT = "draft"


def is_refused(token, reason):
    return tokens.validate(token, READ) is False and tokens.inspect(token) == tokens.Inspection(reason)


# Every sixth position keeps this quick; the signature and its last character, which has two spare bits, are all tried.
def mutations(token):
    alphabet = string.ascii_letters + string.digits + "-._~=+/:% \x00é"
    for place in [*range(0, len(token) - 43, 6), *range(len(token) - 43, len(token))]:
        yield token[:place] + token[place + 1 :]
        yield token[:place]
        yield token[place + 1 :]
        for character in alphabet:
            yield token[:place] + character + token[place:]
            if character != token[place]:
                yield token[:place] + character + token[place + 1 :]
    for character in alphabet:
        yield token + character


def test_no_single_character_can_be_changed_removed_added_or_cut_off():
    token = tokens.generate(READ)

    assert [bad for bad in mutations(token) if tokens.validate(bad, READ)] == []
    assert [bad for bad in mutations(token) if tokens.inspect(bad).is_valid] == []


@pytest.mark.parametrize("padding", ["=", "==", " ", "\n", "\x00", "."])
def test_a_padded_token_is_refused(padding):
    token = tokens.generate(READ)

    assert not tokens.validate(token + padding, READ)
    assert not tokens.validate(padding + token, READ)


@pytest.mark.parametrize(
    "token",
    [
        None,
        b"",
        b"1xV2USshop-read" + b"x" * 43,
        1,
        10**400,
        [],
        {},
        object(),
        "",
        "x",
        "\ud800" * 60,
        "é" * 60,
        "\x00\ud800",
        "x" * 2**20,
        "é" * 2**20,
    ],
    ids=lambda token: repr(token)[:20],
)
def test_what_cannot_be_a_token_is_malformed(token):
    assert is_refused(token, Reason.MALFORMED)


@pytest.mark.parametrize(
    "token", ["x" * 44, "\x00" * 60, "." * 200_000, "[" * 10_000, "eNq" + "A" * 10_000, "9" * 5_000]
)
def test_what_nobody_signed_has_a_bad_signature(token):
    assert is_refused(token, Reason.BAD_SIGNATURE)


def test_the_bytes_of_a_good_token_are_not_a_token():
    assert is_refused(tokens.generate(READ).encode(), Reason.MALFORMED)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=100))
def test_no_text_raises(token):
    assert not tokens.validate(token, READ)
    assert not tokens.inspect(token).is_valid


def test_a_megabyte_of_rubbish_never_reaches_the_hmac(monkeypatch):
    def copy(signer):
        raise AssertionError("hashed")

    monkeypatch.setattr(hmac.HMAC, "copy", copy)

    with pytest.raises(AssertionError, match="hashed"):
        tokens.inspect("x" * 2**18)
    assert is_refused("x" * 2**20, Reason.MALFORMED)


@pytest.mark.parametrize("salt", [None, "tokens.access.1", '["tokens.access.1", null, null]'])
def test_a_text_signed_by_django_for_another_purpose_is_not_a_token(salt):
    signed = django_signing.Signer(salt=salt, sep=".").sign("1xV2USshop-read")

    assert is_refused(signed, Reason.BAD_SIGNATURE)


def test_signature_and_payload_of_two_tokens_cannot_be_combined():
    weak, strong = tokens.generate(READ), tokens.generate(scope.access_all("read"))

    assert is_refused(strong[:-43] + weak[-43:], Reason.BAD_SIGNATURE)


@pytest.mark.parametrize(
    ("minted", "checked"),
    [
        ({}, {"key": OLD_KEY}),
        ({"key": OLD_KEY}, {}),
        ({"key": OLD_KEY}, {"key": NEW_KEY}),
        ({"salt": "a"}, {}),
        ({}, {"salt": "a"}),
        ({}, {"salt": ""}),
        ({"salt": "a"}, {"salt": "b"}),
        ({"state": "draft"}, {"state": "published"}),
        ({"state": "draft"}, {}),
        ({}, {"state": "draft"}),
        ({"state": ""}, {}),
        ({}, {"state": ""}),
        ({"salt": "a"}, {"state": "a"}),
        ({"salt": "ab", "state": "c"}, {"salt": "a", "state": "bc"}),
        ({"salt": "ab"}, {"salt": "a", "state": "b"}),
        ({"salt": 'a", "b'}, {"salt": "a", "state": "b"}),
        ({"salt": "a", "state": "null"}, {"salt": "a"}),
    ],
)
def test_key_salt_and_state_all_have_to_be_the_same(minted, checked):
    token = tokens.generate(READ, **minted)

    assert tokens.validate(token, READ, **minted)
    assert not tokens.validate(token, READ, **checked)
    assert tokens.inspect(token, **checked).reason == Reason.BAD_SIGNATURE


@pytest.mark.parametrize("state", ["\ud800", "\x00", "x" * 100_000, "é"])
def test_any_text_can_be_a_state(state):
    assert tokens.validate(tokens.generate(READ, state=state), READ, state=state)


def test_a_choice_and_the_text_the_database_returns_for_it_are_one_state():
    assert tokens.validate(tokens.generate(READ, state=Status.DRAFT), READ, state="draft")


def test_a_key_may_be_text_or_bytes():
    assert tokens.validate(tokens.generate(READ, key=b"a key"), READ, key="a key")


def test_tokens_of_a_retired_secret_key_open_while_it_is_a_fallback(settings):
    settings.SECRET_KEY = OLD_KEY
    token = tokens.generate(READ)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, ["older" * 12, OLD_KEY]

    assert tokens.validate(token, READ)


def test_tokens_of_a_retired_secret_key_die_with_it(settings):
    settings.SECRET_KEY = OLD_KEY
    token = tokens.generate(READ)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, []

    assert is_refused(token, Reason.BAD_SIGNATURE)


def test_new_tokens_are_signed_by_the_secret_key_and_not_by_a_fallback(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [OLD_KEY]

    assert tokens.validate(tokens.generate(READ), READ, key=NEW_KEY)


def test_an_explicit_key_is_not_widened_by_the_fallbacks(settings):
    settings.SECRET_KEY_FALLBACKS = [OLD_KEY]
    token = tokens.generate(READ, key=OLD_KEY)

    assert not tokens.validate(token, READ, key=NEW_KEY)
    assert tokens.validate(token, READ)


def test_nobody_can_sign_with_an_empty_fallback(settings):
    settings.SECRET_KEY_FALLBACKS = [""]
    payload = "1xV2USshop-read"

    forged = payload + django_signing.base64_hmac('["tokens.access.1", null, null]signer', payload, "", "sha256")

    assert is_refused(forged, Reason.BAD_SIGNATURE)


@pytest.mark.parametrize("key", [None, "an explicit key", b"an explicit key"])
@pytest.mark.parametrize(("minted", "checked"), [("acme", "globex"), ("acme", ""), ("", "acme"), ("acme", "Acme")])
def test_a_token_of_one_realm_is_forged_in_another(settings, minted, checked, key):
    settings.REQUEST_TOKEN_REALM = minted
    token = tokens.generate(READ, key=key)
    assert tokens.validate(token, READ, key=key)

    settings.REQUEST_TOKEN_REALM = checked

    assert not tokens.validate(token, READ, key=key)
    assert tokens.inspect(token, key=key).reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("realm", "imitation"),
    [
        ({}, {"salt": "acme"}),
        ({}, {"state": "acme"}),
        ({}, {"salt": "acme", "state": "acme"}),
        ({}, {"state": 'null, "acme"'}),
        ({"state": "draft"}, {"state": 'draft", "acme'}),
        ({"salt": "a", "state": "draft"}, {"salt": 'a", "draft', "state": "acme"}),
    ],
)
def test_no_salt_or_state_can_imitate_a_realm(settings, realm, imitation):
    settings.REQUEST_TOKEN_REALM = "acme"
    token = tokens.generate(READ, **realm)
    settings.REQUEST_TOKEN_REALM = ""
    imitated = tokens.generate(READ, **imitation)

    assert tokens.inspect(token, **imitation).reason is Reason.BAD_SIGNATURE
    settings.REQUEST_TOKEN_REALM = "acme"
    assert tokens.inspect(imitated, **realm).reason is Reason.BAD_SIGNATURE


def test_a_fallback_key_verifies_in_the_present_realm_only(settings):
    settings.SECRET_KEY = OLD_KEY
    without_realm = tokens.generate(READ)
    settings.REQUEST_TOKEN_REALM = "acme"
    with_realm = tokens.generate(READ)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [OLD_KEY]

    assert tokens.validate(with_realm, READ)
    assert is_refused(without_realm, Reason.BAD_SIGNATURE)


def test_a_callable_realm_is_asked_whenever_a_token_is_made_or_checked(settings):
    tenants = ["acme", "acme", "globex"]
    settings.REQUEST_TOKEN_REALM = lambda: tenants.pop(0)

    token = tokens.generate(READ)

    assert tokens.validate(token, READ)
    assert tokens.inspect(token).reason is Reason.BAD_SIGNATURE


def test_a_realm_that_is_not_text_signs_and_opens_nothing(settings):
    token = tokens.generate(READ)
    settings.REQUEST_TOKEN_REALM = lambda: None

    with pytest.raises(ImproperlyConfigured, match="REQUEST_TOKEN_REALM must be text"):
        tokens.generate(READ)
    with pytest.raises(ImproperlyConfigured, match="REQUEST_TOKEN_REALM must be text"):
        tokens.validate(token, READ)


@pytest.mark.parametrize("wrong", [{"key": ""}, {"key": b""}, {"key": 1}, {"salt": b"a"}, {"salt": 1}, {"state": 0}])
def test_a_key_salt_or_state_of_another_type_is_a_mistake_of_the_developer(wrong):
    with pytest.raises(ValueError, match="str"):
        tokens.generate(READ, **wrong)
    with pytest.raises(ValueError, match="str"):
        tokens.validate("rubbish", READ, **wrong)
    with pytest.raises(ValueError, match="str"):
        tokens.inspect(None, **wrong)
