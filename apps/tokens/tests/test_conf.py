import pytest
from django.core.exceptions import ImproperlyConfigured

from ..conf import TokenSettings, secret_keys, token_settings

DEFAULTS = [
    ("REQUEST_TOKEN_QUERYSTRING", "rt"),
    ("ACCESS_TOKEN_QUERYSTRING", "at"),
    ("REQUEST_TOKEN_EXPIRY", 10),
    ("REQUEST_TOKEN_403_TEMPLATE", "tokens/403.html"),
    ("REQUEST_TOKEN_DISABLE_LOGS", False),
    ("REQUEST_TOKEN_REALM", ""),
]
OTHERS = [
    ("REQUEST_TOKEN_QUERYSTRING", "ticket", "ticket"),
    ("ACCESS_TOKEN_QUERYSTRING", "grant", "grant"),
    ("REQUEST_TOKEN_EXPIRY", "25", 25),
    ("REQUEST_TOKEN_403_TEMPLATE", "other.html", "other.html"),
    ("REQUEST_TOKEN_DISABLE_LOGS", "true", True),
    ("REQUEST_TOKEN_REALM", "acme", "acme"),
]


@pytest.mark.parametrize("table", [DEFAULTS, OTHERS])
def test_no_setting_is_missing_from_the_tables_above(table):
    assert sorted(row[0] for row in table) == sorted(name for name in vars(TokenSettings) if name.isupper())


@pytest.mark.parametrize(("name", "default"), DEFAULTS)
def test_a_setting_that_nobody_made_has_its_default(name, default):
    assert getattr(token_settings, name) == default


@pytest.mark.parametrize(("name", "text", "value"), OTHERS)
def test_a_django_setting_is_read_on_use(settings, name, text, value):
    setattr(settings, name, value)

    assert getattr(token_settings, name) == value


@pytest.mark.parametrize(("name", "text", "value"), OTHERS)
def test_the_environment_comes_before_the_django_setting(settings, monkeypatch, name, text, value):
    setattr(settings, name, "from Django")
    monkeypatch.setenv(name, text)

    assert getattr(token_settings, name) == value


@pytest.mark.parametrize(("name", "default"), DEFAULTS)
def test_an_empty_variable_counts_as_unset(monkeypatch, name, default):
    monkeypatch.setenv(name, "")

    assert getattr(token_settings, name) == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUEST_TOKEN_QUERYSTRING", "a b"),
        ("REQUEST_TOKEN_QUERYSTRING", "a=b"),
        ("REQUEST_TOKEN_QUERYSTRING", "jetoné"),
        ("REQUEST_TOKEN_QUERYSTRING", None),
        ("ACCESS_TOKEN_QUERYSTRING", "a b"),
        ("REQUEST_TOKEN_EXPIRY", "ten"),
        ("REQUEST_TOKEN_EXPIRY", 0),
        ("REQUEST_TOKEN_EXPIRY", -5),
        ("REQUEST_TOKEN_EXPIRY", True),
        ("REQUEST_TOKEN_EXPIRY", None),
        ("REQUEST_TOKEN_403_TEMPLATE", 403),
        ("REQUEST_TOKEN_DISABLE_LOGS", "maybe"),
        ("REQUEST_TOKEN_DISABLE_LOGS", 2),
        ("REQUEST_TOKEN_REALM", None),
        ("REQUEST_TOKEN_REALM", 7),
        ("REQUEST_TOKEN_REALM", b"acme"),
        ("REQUEST_TOKEN_REALM", lambda: None),
        ("REQUEST_TOKEN_REALM", lambda: b"acme"),
    ],
)
def test_a_bad_value_is_an_error_that_names_the_setting_and_a_good_value(settings, name, value):
    setattr(settings, name, value)

    with pytest.raises(ImproperlyConfigured, match=rf"{name} must be .* Write for example: {name} = "):
        getattr(token_settings, name)


def test_a_realm_may_be_a_callable_that_is_asked_on_each_use(settings):
    tenants = ["acme", "globex"]
    settings.REQUEST_TOKEN_REALM = lambda: tenants.pop(0)

    assert token_settings.REQUEST_TOKEN_REALM == "acme"
    assert token_settings.REQUEST_TOKEN_REALM == "globex"


def test_the_secret_key_comes_first_and_an_empty_one_is_no_key(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["", "old", b"", b"older"]

    assert secret_keys() == ["new", "old", b"older"]
