from pathlib import Path

import django
import pytest
from django.core.exceptions import ImproperlyConfigured

from config import services

SMTP_NAMES = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
    "timeout": "EMAIL_TIMEOUT",
}


def read_smtp_options(base_dir):
    settings = services.read_email("EMAIL_URL", base_dir=base_dir)
    if django.VERSION >= (6, 1):
        return settings["MAILERS"]["default"]["OPTIONS"]
    return {option: settings[name] for option, name in SMTP_NAMES.items()}


@pytest.mark.parametrize("folder", ["a b#c+d%41", "what?", "100%", "$HOME", "plain"])
def test_the_default_database_lies_in_the_folder_whatever_its_name(monkeypatch, tmp_path, folder):
    monkeypatch.delenv("DATABASE_URL", raising=False)

    database = services.read_database("DATABASE_URL", base_dir=tmp_path / folder)

    assert database["NAME"] == str(tmp_path / folder / "db.sqlite3")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///site.sqlite3", "/base/site.sqlite3"),
        ("sqlite:///data/site.sqlite3", "/base/data/site.sqlite3"),
        ("sqlite:////srv/site.sqlite3", "/srv/site.sqlite3"),
        ("sqlite:////srv/a+b%20c%23.sqlite3", "/srv/a+b c#.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_a_sqlite_address_names_one_file_from_every_working_directory(monkeypatch, url, name):
    monkeypatch.setenv("DATABASE_URL", url)

    database = services.read_database("DATABASE_URL", base_dir=Path("/base"))

    assert database["NAME"] == name


@pytest.mark.parametrize("url", ["", "sqlite:///site.sqlite3"])
def test_sqlite_writes_ahead_locks_early_and_waits(monkeypatch, tmp_path, url):
    monkeypatch.setenv("DATABASE_URL", url)

    options = services.read_database("DATABASE_URL", base_dir=tmp_path)["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=NORMAL" in options["init_command"]


def test_options_in_the_address_come_on_top_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///site.sqlite3?timeout=5")

    options = services.read_database("DATABASE_URL", base_dir=tmp_path)["OPTIONS"]

    assert (options["timeout"], options["transaction_mode"]) == (5, "IMMEDIATE")


def test_a_database_server_is_read_with_its_escaped_password(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://us%40er:$a%2Fb%23c+d%25@db.example:5433/latchkey?sslmode=require")

    database = services.read_database("DATABASE_URL", base_dir=tmp_path)

    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["USER"], database["PASSWORD"]) == ("us@er", "$a/b#c+d%")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "latchkey")
    assert database["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize("scheme", ["postgres", "mysql"])
def test_connections_to_a_server_are_kept_and_checked(monkeypatch, tmp_path, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://root@127.0.0.1/latchkey")

    database = services.read_database("DATABASE_URL", base_dir=tmp_path)

    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (60, True)


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ("conn_health_checks=true", "CONN_HEALTH_CHECKS", True),
        ("conn_health_checks=false", "CONN_HEALTH_CHECKS", False),
        ("conn_health_checks=0", "CONN_HEALTH_CHECKS", False),
        ("atomic_requests=False", "ATOMIC_REQUESTS", False),
        ("disable_server_side_cursors=on", "DISABLE_SERVER_SIDE_CURSORS", True),
        ("conn_max_age=5", "CONN_MAX_AGE", 5),
        ("pool=true", "CONN_MAX_AGE", 0),
        ("pool=true", "OPTIONS", {"pool": True}),
        ("pool=false", "CONN_MAX_AGE", 60),
        ("pool=false", "OPTIONS", {"pool": False}),
    ],
)
def test_a_switch_in_a_database_address_is_true_or_false(monkeypatch, tmp_path, options, name, value):
    monkeypatch.setenv("DATABASE_URL", f"postgres://root@127.0.0.1/latchkey?{options}")

    database = services.read_database("DATABASE_URL", base_dir=tmp_path)

    assert database[name] == value
    assert type(database[name]) is type(value)


@pytest.mark.parametrize("options", ["conn_health_checks=ja", "pool=5", "atomic_requests=2"])
def test_a_switch_that_is_neither_stops_the_start(monkeypatch, tmp_path, options):
    monkeypatch.setenv("DATABASE_URL", f"postgres://root@127.0.0.1/latchkey?{options}")

    with pytest.raises(ImproperlyConfigured, match=f"^{options.split('=')[0]} in DATABASE_URL must be true or false"):
        services.read_database("DATABASE_URL", base_dir=tmp_path)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_mariadb_speaks_all_of_unicode(monkeypatch, tmp_path, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://root@127.0.0.1/latchkey")

    database = services.read_database("DATABASE_URL", base_dir=tmp_path)

    assert database["ENGINE"] == "django.db.backends.mysql"
    assert database["OPTIONS"]["charset"] == "utf8mb4"


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "db.sqlite3",
        "oracle://user:hunter2@host/name",
        "postgress://user:hunter2@host/name",
        "postgres:user:hunter2@host/name",
        "postgres://user:hunter2@host",
        "postgres://user:hunter2#x@host/name",
        "postgres://user:hunter2?x@host/name",
        "postgres://user:hunter2/x@host/name",
        "postgres://user:hunter2@host:port/name",
        "postgres://user:hunter2@[::1/name",
        "postgres://user:hunter2@host/name # note",
        "sqlite://",
        "sqlite:///",
        "sqlite://site.sqlite3",
        "sqlite:///#1.sqlite3",
    ],
)
def test_a_database_address_that_cannot_be_meant_stops_the_start_without_its_password(monkeypatch, tmp_path, url):
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(ImproperlyConfigured, match="^DATABASE_URL") as caught:
        services.read_database("DATABASE_URL", base_dir=tmp_path)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("url", ["redis://127.0.0.1", "rediss://:p%2Fw@cache.example:6380/1", "redis://[::1]:6379/0"])
def test_a_redis_address_reaches_the_cache_as_it_is(monkeypatch, url):
    monkeypatch.setenv("CACHE_URL", url)

    cache = services.read_cache("CACHE_URL")

    assert cache == {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis:hunter2",
        "redis://:hunter2@host:port/0",
        "redis://:hunter2/x@host/0",
        "redis://:hunter2@host/zero",
        "filecache:///hunter2",
        "dummycache://",
        "locmem://",
    ],
)
def test_a_cache_that_cannot_count_or_be_found_stops_the_start(monkeypatch, url):
    monkeypatch.setenv("CACHE_URL", url)

    with pytest.raises(ImproperlyConfigured, match="^CACHE_URL") as caught:
        services.read_cache("CACHE_URL")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "use_ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://mail.example", 587, True, False),
        ("smtp+ssl://mail.example", 465, False, True),
        ("smtp+tls://mail.example:2525", 2525, True, False),
    ],
)
def test_an_smtp_address_without_a_port_gets_the_usual_one(monkeypatch, tmp_path, url, port, use_tls, use_ssl):
    monkeypatch.setenv("EMAIL_URL", url)

    options = read_smtp_options(tmp_path)

    assert (options["port"], options["use_tls"], options["use_ssl"]) == (port, use_tls, use_ssl)


def test_a_mail_server_that_does_not_answer_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setenv("EMAIL_URL", "smtp://mail.example")

    assert read_smtp_options(tmp_path)["timeout"] == 10


def test_a_mail_password_is_unescaped(monkeypatch, tmp_path):
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://news%40example.com:$p%40+%2F%23@mail.example")

    options = read_smtp_options(tmp_path)

    assert (options["username"], options["password"]) == ("news@example.com", "$p@+/#")


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtps://user:hunter2@mail.example",
        "smtp://user:hunter2@mail.example/path",
        "smtp://user:hunter2@mail.example?timeout=5",
        "smtp://user:hunter2@mail.example:port",
        "smtp://user:hunter2#@mail.example",
        "console",
        "filemail://",
        "filemail://mails",
    ],
)
def test_a_mail_address_that_cannot_be_meant_stops_the_start_without_its_password(monkeypatch, tmp_path, url):
    monkeypatch.setenv("EMAIL_URL", url)

    with pytest.raises(ImproperlyConfigured, match="^EMAIL_URL") as caught:
        services.read_email("EMAIL_URL", base_dir=tmp_path)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "folder"), [("filemail:///mails", "/base/mails"), ("filemail:////srv/a+b", "/srv/a+b")]
)
def test_a_mail_folder_is_one_folder_from_every_working_directory(monkeypatch, url, folder):
    monkeypatch.setenv("EMAIL_URL", url)

    settings = services.read_email("EMAIL_URL", base_dir=Path("/base"))

    assert folder in str(settings)
