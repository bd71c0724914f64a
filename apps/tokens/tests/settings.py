"""
The settings of these tests, with nothing in them of the project around.

TEST_DATABASE_URL names another database than SQLite: postgres://user:password@host:port/name, or mysql://... Of the
environment, nothing else counts.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django

TESTS = __package__
APP = TESTS.rpartition(".")[0]
SCRATCH_DIR = Path(tempfile.mkdtemp(prefix="tokens-tests-"))
atexit.register(shutil.rmtree, SCRATCH_DIR, ignore_errors=True)

SECRET_KEY = "for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG"
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
STATIC_URL = "static/"
# One fast round: no test is about how slow a password is.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    APP,
    f"{TESTS}.sample",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    f"{APP}.middleware.RequestTokenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = f"{TESTS}.urls"
LOGIN_URL = "/login/"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

ENGINES = {"postgres": "django.db.backends.postgresql", "mysql": "django.db.backends.mysql"}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        # A file and not :memory:, so that threads with connections of their own can race.
        "NAME": SCRATCH_DIR / "db.sqlite3",
        "TEST": {"NAME": SCRATCH_DIR / "test.sqlite3"},
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"},
    }
}
if os.environ.get("TEST_DATABASE_URL"):
    _url = urlsplit(os.environ["TEST_DATABASE_URL"])
    DATABASES["default"] = {
        "ENGINE": ENGINES[_url.scheme],
        "NAME": _url.path.removeprefix("/"),
        "HOST": _url.hostname or "",
        "PORT": str(_url.port or ""),
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
        # Some servers still make MySQL's databases in latin1.
        "TEST": {"CHARSET": "utf8mb4"} if _url.scheme == "mysql" else {},
    }
