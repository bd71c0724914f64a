"""The settings of bench/request_tokens.py: a small site, on the database that BENCH_DATABASE_URL names."""

import importlib.util
import os
import secrets
from pathlib import Path

from config.services import read_database

SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS = ["bench"]
USE_TZ = True
ROOT_URLCONF = "bench.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "apps.tokens",
    *(["request_token"] if importlib.util.find_spec("request_token") else []),
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
    }
]
LOGGING_CONFIG = None

_database = read_database("BENCH_DATABASE_URL", base_dir=Path(__file__).parent)
DATABASES = {
    "default": {
        **_database,
        # Connections stay open between requests, as under a real server.
        "CONN_MAX_AGE": None,
        # Never the database that the URL names: one of our own beside it, for as long as the benchmark runs.
        "TEST": {"NAME": f"{_database['NAME']}_bench_{os.getpid()}"},
    }
}
