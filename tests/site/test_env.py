"""Every trap of reading settings from the environment, closed."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.mark.parametrize("value", ["true", "TRUE", " yes ", "on", "1"])
def test_a_boolean_is_true(monkeypatch, value):
    monkeypatch.setenv("DEBUG", value)

    assert env.read_bool("DEBUG", False) is True


@pytest.mark.parametrize("value", ["false", "False", "no", "off", "0"])
def test_a_boolean_is_false(monkeypatch, value):
    monkeypatch.setenv("DEBUG", value)

    assert env.read_bool("DEBUG", True) is False


@pytest.mark.parametrize("value", ["true  # note", "ture", "2", "y es", '"true"', "None"])
def test_a_boolean_that_is_neither_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("DEBUG", value)

    with pytest.raises(ImproperlyConfigured, match=r"DEBUG must be true or false .* line of its own"):
        env.read_bool("DEBUG", False)


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_counts_as_unset(monkeypatch, value):
    monkeypatch.setenv("LATCHKEY_TEST", value)

    assert env.read_bool("LATCHKEY_TEST", True) is True
    assert env.read_int("LATCHKEY_TEST", 7) == 7
    assert env.read_str("LATCHKEY_TEST", "default") == "default"
    assert env.read_list("LATCHKEY_TEST", ["default"]) == ["default"]


def test_list_items_are_stripped_and_empty_ones_dropped(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " example.com, www.example.com ,, ")

    assert env.read_hosts("ALLOWED_HOSTS") == ["example.com", "www.example.com"]


@pytest.mark.parametrize("value", ["$ecret", "$PATH", "a$b", r"\$x"])
def test_a_dollar_sign_is_only_a_character(monkeypatch, value):
    monkeypatch.setenv("SECRET_KEY", value)

    assert env.read_secret_key("SECRET_KEY") == value


def test_a_missing_key_comes_with_the_command_that_makes_one(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "")

    with pytest.raises(ImproperlyConfigured) as caught:
        env.read_secret_key("SECRET_KEY")

    assert 'python -c "import secrets; print(secrets.token_urlsafe(50))"' in str(caught.value)


@pytest.mark.parametrize("value", ["ten", "1.5", "-1", "1_000", "0x10", "٣", "9" * 5000])
def test_a_number_that_is_none_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("TRUSTED_PROXY_COUNT", value)

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXY_COUNT must be a whole number from 0 up"):
        env.read_int("TRUSTED_PROXY_COUNT", 0)


@pytest.mark.parametrize("value", ["https://example.com", "example.com:8000", "example.com # note", "a b"])
def test_a_host_list_with_something_else_in_it_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("ALLOWED_HOSTS", value)

    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS may list host names"):
        env.read_hosts("ALLOWED_HOSTS")


@pytest.mark.parametrize("value", ["*", ".example.com", "[::1]", "web-1_a", "127.0.0.1"])
def test_a_host_list_takes_what_django_takes(monkeypatch, value):
    monkeypatch.setenv("ALLOWED_HOSTS", value)

    assert env.read_hosts("ALLOWED_HOSTS") == [value]


@pytest.mark.parametrize(
    "value", ["https://example.com", "http://127.0.0.1:8000", "http://[::1]:8000", "https://a-b.example.com"]
)
def test_a_site_address_is_scheme_host_and_port(monkeypatch, value):
    monkeypatch.setenv("SITE_URL", value + "/")

    assert env.read_site_url("SITE_URL") == value


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "//example.com",
        "ftp://example.com",
        "https://",
        "https://example.com/blog",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://example.com # note",
        "https://example.com:port",
        "https://example.com:99999",
        "https://[::1",
        "https://user:hunter2@example.com",
        "https://example.com\\@evil.example",
    ],
)
def test_any_other_site_address_stops_the_start_and_is_not_shown(monkeypatch, value):
    monkeypatch.setenv("SITE_URL", value)

    with pytest.raises(ImproperlyConfigured, match="SITE_URL must be an address such as") as caught:
        env.read_site_url("SITE_URL")

    assert "hunter2" not in str(caught.value)


def test_a_choice_is_found_in_any_case(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "debug")

    assert env.read_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO")) == "DEBUG"


def test_an_unknown_choice_stops_the_start(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "VERBOSE")

    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL must be DEBUG, INFO, not 'VERBOSE'"):
        env.read_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO"))


@pytest.mark.parametrize("value", ["Europe/Atlantis", "../../etc/passwd", "Europe", "/etc/localtime"])
def test_an_unknown_time_zone_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("TIME_ZONE", value)

    with pytest.raises(ImproperlyConfigured, match="TIME_ZONE must be a time zone such as"):
        env.read_time_zone("TIME_ZONE", "UTC")


@pytest.mark.parametrize("value", ["Latchkey", "Latchkey <>", "a@b@c", "news@example.com\nBcc: all@example.com"])
def test_a_sender_without_an_address_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("DEFAULT_FROM_EMAIL", value)

    with pytest.raises(ImproperlyConfigured, match="DEFAULT_FROM_EMAIL must be an address"):
        env.read_sender("DEFAULT_FROM_EMAIL", "")
