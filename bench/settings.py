"""A small site with Latchkey and its peers, on the database that BENCH_DATABASE_URL names."""

import os
import secrets
from pathlib import Path

from config.services import read_database

SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS = ["bench"]
USE_TZ = True
ROOT_URLCONF = "bench.urls"
LOGIN_REDIRECT_URL = "/page/"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "apps.tokens",
    "request_token",
    "magiclink",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
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
            ]
        },
    }
]
# Lines are written, as on a server; nobody reads these.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.FileHandler", "filename": os.devnull}},
    "root": {"handlers": ["nowhere"], "level": "WARNING"},
}

# A link is opened in another browser than the one that asked for it, and links are asked for without a rest.
MAGICLINK_REQUIRE_SAME_BROWSER = False
MAGICLINK_LOGIN_REQUEST_TIME_LIMIT = 0

# Connections stay open between requests, as under a real server.
DATABASES = {"default": {**read_database("BENCH_DATABASE_URL", base_dir=Path(__file__).parent), "CONN_MAX_AGE": None}}
