"""Settings of the site: one file, every value that differs between machines comes from the environment.

.env.example lists the variables and says what each must be.
"""

import re
from contextlib import suppress
from email.utils import formataddr
from pathlib import Path
from urllib.parse import urlsplit

import django
import django_stubs_ext

from config import dotenv, env, services

BASE_DIR = dotenv.BASE_DIR

dotenv.load_env_file()

# ModelAdmin[User] and the like are for the type checker; this keeps them from being an error when the code runs.
django_stubs_ext.monkeypatch()

# The basics

DEBUG = env.read_bool("DEBUG", False)
SECRET_KEY = env.read_secret_key("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.read_list("SECRET_KEY_FALLBACKS")
SUPPRESSION_KEY = env.read_str("SUPPRESSION_KEY", "")

# What the site is called: on its pages, in subjects and in emails.
SITE_NAME = env.read_site_name("SITE_NAME", "Latchkey")
SITE_URL = env.read_site_url("SITE_URL", "http://127.0.0.1:8000" if DEBUG else env.REQUIRED)
# With DEBUG an empty list lets localhost in.
ALLOWED_HOSTS = env.read_hosts("ALLOWED_HOSTS", [] if DEBUG else [re.sub(r":\d+$", "", urlsplit(SITE_URL).netloc)])
CSRF_TRUSTED_ORIGINS = env.read_list("CSRF_TRUSTED_ORIGINS")

# The parts

INSTALLED_APPS = [
    "config",
    "apps.tokens",
    "apps.site",
    "apps.accounts",
    "apps.newsletter",
    "apps.mailing",
    "apps.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "apps.site.health.HealthMiddleware",
    # Before whatever answers by itself, so that redirects and refusals have the header, too.
    f"{'django.middleware.csp' if django.VERSION >= (6, 0) else 'apps.site.csp'}.ContentSecurityPolicyMiddleware",
    "apps.site.redirects.PrivateRedirectsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.content_types.ContentTypeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ClientAddressMiddleware",
    # With DEBUG only: a page that took a token shows the click from inside.
    "apps.demo.inside.InsideMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.tokens.middleware.RequestTokenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.site.context_processors.brand",
                "apps.site.context_processors.visitor",
                "apps.demo.context_processors.addresses",
            ],
        },
    },
]

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    # The first one signs people in.
    "django.contrib.auth.backends.ModelBackend",
    "apps.tokens.access.backends.AccessTokenBackend",
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "accounts:profile"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Services

# How many processes serve the site: deploy/gunicorn.conf.py starts as many.
WEB_CONCURRENCY = env.read_int("WEB_CONCURRENCY", 1, minimum=1)

# Connecting to a server takes longer than most queries. Under ASGI set 0: there, connections are not kept per thread.
DATABASES = {
    "default": services.read_database(
        "DATABASE_URL", base_dir=dotenv.LOCAL_DIR, conn_max_age=env.read_int("DATABASE_CONN_MAX_AGE", 60)
    )
}
if Path(DATABASES["default"]["NAME"]).parent == dotenv.LOCAL_DIR:
    with suppress(OSError):  # SQLite will say it better
        dotenv.LOCAL_DIR.mkdir(mode=0o700, exist_ok=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits count in the cache: with several processes it must be one they share.
CACHES = {"default": services.read_cache("CACHE_URL")}

# MAILERS on Django 6.1 and later, EMAIL_* before.
globals().update(
    services.read_email(
        "EMAIL_URL",
        base_dir=dotenv.LOCAL_DIR,
        # On a developer's machine the console shows an email's text, and /demo/mailbox/ the whole.
        console_backend="apps.demo.mailbox.MailboxBackend" if DEBUG else services.CONSOLE_EMAIL_BACKEND,
    )
)
DEMO_MAILBOX_DIR = dotenv.LOCAL_DIR / "mailbox"
DEFAULT_FROM_EMAIL = env.read_sender("DEFAULT_FROM_EMAIL", formataddr((SITE_NAME, "latchkey@localhost")))

NEWSLETTER_RATE = env.read_int("NEWSLETTER_RATE", 0)
NEWSLETTER_WORKERS = env.read_int("NEWSLETTER_WORKERS", 1, minimum=1)
NEWSLETTER_POSTAL_ADDRESS = env.read_str("NEWSLETTER_POSTAL_ADDRESS", "")

# Work for a queue: done at once in the process that asks for it, or by `manage.py db_worker`. See docs/sending.md.
TASKS_PACKAGE = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
TASKS_BACKENDS = {
    "immediate": f"{TASKS_PACKAGE}.backends.immediate.ImmediateBackend",
    "database": "django_tasks_db.DatabaseBackend",
}
TASKS_BACKEND = env.read_choice("TASKS_BACKEND", "immediate", TASKS_BACKENDS)
TASKS = {"default": {"BACKEND": TASKS_BACKENDS[TASKS_BACKEND]}}
if TASKS_PACKAGE == "django_tasks":
    INSTALLED_APPS.append("django_tasks")
if TASKS_BACKEND == "database":
    INSTALLED_APPS.append("django_tasks_db")

# Language and time

# Those that have words here: locale/, and apps/tokens/locale/. `make messages` keeps them in step with the code.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_CODE = env.read_choice("LANGUAGE_CODE", "en", dict(LANGUAGES))
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.read_time_zone("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# Static files: WhiteNoise serves what collectstatic put into STATIC_ROOT.

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        ),
    },
}

# HTTPS

SECURE_SSL_REDIRECT = env.read_bool("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_HSTS_SECONDS = env.read_int("SECURE_HSTS_SECONDS", 0 if DEBUG else 3600)
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
# Strict would leave the cookie behind when a link in an email is followed.
SESSION_COOKIE_SAMESITE = "Lax"

# None, not set: no proxy is trusted, and a request that seems to come through one is worth a warning.
TRUSTED_PROXY_COUNT = env.read_int("TRUSTED_PROXY_COUNT", None)
if TRUSTED_PROXY_COUNT:
    # Anybody can send this header. The proxy has to set it itself and drop what the visitor sent.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Threat: a visitor's text that a page shows as HTML. Nothing inline runs, nothing is fetched from elsewhere, and no
# form leads elsewhere; default-src does not cover the last three.
SECURE_CSP = {
    "default-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

SILENCED_SYSTEM_CHECKS = [
    # HSTS for subdomains and preload lists speak for a whole domain; this site knows one host of it.
    "security.W005",
    "security.W021",
]

# Logging

# No token in the emails to ADMINS, nor on the page that DEBUG shows for an exception.
DEFAULT_EXCEPTION_REPORTER = "apps.tokens.reports.TokenlessReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "apps.tokens.reports.TokenlessReporterFilter"

LOG_LEVEL = env.read_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"hide_tokens": {"()": "apps.tokens.log_filters.HideTokens"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["hide_tokens"]},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django gives these two handlers of their own, which would write tokens: they are taken away.
        "django": {"handlers": [], "level": LOG_LEVEL},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # At DEBUG these write a line per query, with its parameters, per failed look-up in a template, with the whole
        # context, and per watched file.
        "django.db.backends": {"level": "INFO"},
        "django.template": {"level": "INFO"},
        "django.utils.autoreload": {"level": "INFO"},
    },
}
