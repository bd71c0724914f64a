"""DATABASE_URL, CACHE_URL and EMAIL_URL as the settings Django takes."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from environ import Env

from config.env import parse_bool, read_str

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"
MYSQL = "django.db.backends.mysql"
DATABASE_ENGINES = {
    "sqlite": SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    "mysql": MYSQL,
    "mariadb": MYSQL,
}
DATABASE_OPTIONS: dict[str, dict[str, Any]] = {
    # WAL: readers and the writer do not wait for each other. IMMEDIATE: a transaction takes the write lock when it
    # begins; one that reads first and writes later would fail with "database is locked" whatever the timeout.
    SQLITE: {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
    POSTGRESQL: {},
    MYSQL: {"charset": "utf8mb4"},
}
# What Django takes as a switch. The parser leaves text there, and "false" is true.
DATABASE_SWITCHES = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS")
# No database cache and no files: they count by reading first and writing later, so parallel requests slip past a
# rate limit.
CACHE_SCHEMES = ("locmemcache", "redis", "rediss")
REDIS_ADDRESS = r"([^@/]*@)?([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(/[0-9]*)?(\?.*)?"
# No smtps://: django-environ takes it for STARTTLS, most others for TLS from the first byte.
SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
EMAIL_SCHEMES = (*SMTP_PORTS, "consolemail", "filemail", "memorymail", "dummymail")
SMTP_TIMEOUT_SECONDS = 10
CONSOLE_EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


def read_database(name: str, *, base_dir: Path, conn_max_age: int = 60) -> dict[str, Any]:
    """
    One entry of ``DATABASES``, by default the SQLite file ``db.sqlite3`` in ``base_dir``.

    ``conn_max_age`` is for database servers: how many seconds a connection is kept for the next request.
    """
    url = read_str(name, None)
    if url is None:
        # Not by way of a URL: a folder may have "#", "?", "+" or "%" in its name.
        return {"ENGINE": SQLITE, "NAME": str(base_dir / "db.sqlite3"), "OPTIONS": DATABASE_OPTIONS[SQLITE]}
    engine = DATABASE_ENGINES[_check(name, url, DATABASE_ENGINES)]
    if engine == SQLITE and not re.match(r"sqlite://(/[^?]|:memory:$)", url):
        raise ImproperlyConfigured(
            f"{name}: write sqlite:///name for a file in .local, sqlite:////path/name for any other."
        )
    config = _parse(name, lambda: Env.db_url_config(_keep_plus(url), engine))
    if engine == SQLITE and config["NAME"] != ":memory:":
        config["NAME"] = str(base_dir / config["NAME"])
    if not config["NAME"]:
        raise ImproperlyConfigured(
            f"{name} names no database: write {url.partition(':')[0]}://user:password@host/name."
        )
    for switch in DATABASE_SWITCHES:
        if switch in config:
            config[switch] = parse_bool(f"{switch.lower()} in {name}", str(config[switch]))
    config["OPTIONS"] = {**DATABASE_OPTIONS[engine], **config.get("OPTIONS", {})}
    if engine == SQLITE:
        return config
    if "pool" in config["OPTIONS"]:
        config["OPTIONS"]["pool"] = parse_bool(f"pool in {name}", str(config["OPTIONS"]["pool"]))
        # A pool keeps the connections itself, and Django refuses both.
        conn_max_age = 0 if config["OPTIONS"]["pool"] else conn_max_age
    # Without the check, the first request after a restart of the server would fail on every kept connection.
    return {"CONN_MAX_AGE": conn_max_age, "CONN_HEALTH_CHECKS": True, **config}


def read_cache(name: str) -> dict[str, Any]:
    """One entry of ``CACHES``, by default the memory of this process."""
    url = read_str(name, "locmemcache://")
    scheme = _check(name, url, CACHE_SCHEMES)
    if scheme != "locmemcache" and not re.fullmatch(REDIS_ADDRESS, url.partition("://")[2]):
        raise ImproperlyConfigured(f"{name}: write {scheme}://:password@host:port/0, with / and @ as %2F and %40.")
    return _parse(name, lambda: Env.cache_url_config(url))


def read_email(name: str, *, base_dir: Path, console_backend: str = CONSOLE_EMAIL_BACKEND) -> dict[str, Any]:
    """The settings for outgoing mail, by default to the console: ``MAILERS`` from Django 6.1 on, ``EMAIL_*`` before."""
    url = read_str(name, "consolemail://")
    scheme = _check(name, url, EMAIL_SCHEMES)
    config = _parse(name, lambda: Env.email_url_config(_keep_plus(url)))
    options: dict[str, Any] = {}
    if scheme == "consolemail":
        config["EMAIL_BACKEND"] = console_backend
    if scheme in SMTP_PORTS:
        if not config["EMAIL_HOST"] or config.get("OPTIONS") or config["EMAIL_FILE_PATH"]:
            raise ImproperlyConfigured(f"{name}: write {scheme}://user:password@host:port and nothing after it.")
        options = {
            "host": config["EMAIL_HOST"],
            "port": config["EMAIL_PORT"] or SMTP_PORTS[scheme],
            "username": config["EMAIL_HOST_USER"] or "",
            "password": config["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": scheme == "smtp+tls",
            "use_ssl": scheme == "smtp+ssl",
            "timeout": SMTP_TIMEOUT_SECONDS,
        }
    if scheme == "filemail":
        if config["EMAIL_HOST"] or not config["EMAIL_FILE_PATH"]:
            raise ImproperlyConfigured(
                f"{name}: write filemail:///folder for a folder in .local, filemail:////path for any other."
            )
        options = {"file_path": str(base_dir / config["EMAIL_FILE_PATH"])}
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": config["EMAIL_BACKEND"], "OPTIONS": options}}}
    names = {"username": "EMAIL_HOST_USER", "password": "EMAIL_HOST_PASSWORD"}
    settings = {names.get(option, f"EMAIL_{option.upper()}"): value for option, value in options.items()}
    return {"EMAIL_BACKEND": config["EMAIL_BACKEND"], **settings}


def _check(name: str, url: str, schemes: Iterable[str]) -> str:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {', '.join(f'{scheme}://' for scheme in schemes)}.")
    if re.search(r"[#\s]", url):
        # The parser would drop the rest of a password that has a "#" in it.
        raise ImproperlyConfigured(f"{name}: in a URL write '#' as %23 and a blank as %20.")
    return scheme


def _keep_plus(url: str) -> str:
    # django-environ reads "+" in a path as a blank, and so another file.
    address, mark, options = url.partition("?")
    scheme, separator, rest = address.partition("://")
    return scheme + separator + rest.replace("+", "%2B") + mark + options


def _parse(name: str, parse: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return parse()
    except ValueError:
        # The parser's own message quotes the URL, with the password in it.
        raise ImproperlyConfigured(
            f"{name} is not a valid URL. In a user name or password write : / ? # @ % as %3A %2F %3F %23 %40 %25."
        ) from None
