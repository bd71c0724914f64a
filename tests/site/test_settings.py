"""The settings as a whole, each time in a Python of their own."""

import pytest

from tests.support.project import PRODUCTION, SECRET_KEY

MANIFEST = '{"version": "1.1", "paths": {}, "hash": ""}'
START = "import django; django.setup(); from django.conf import settings; "
SEND = (
    "import django; django.setup(); from django.core.mail import EmailMultiAlternatives as Mail; "
    "Mail('Subject', 'Body', None, ['reader@example.com']).send()"
)


def read_setting(run_python, expression, **variables):
    result = run_python("-c", f"{START}print({expression})", DJANGO_SETTINGS_MODULE="config.settings", **variables)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture
def check_deploy(run_python, tmp_path):
    """Runs the deployment checks, with a folder of their own for static files."""
    settings = f"from config.settings import *\nSTATIC_ROOT = {str(tmp_path / 'static')!r}\n"
    (tmp_path / "elsewhere.py").write_text(settings, encoding="utf-8")
    place = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "elsewhere"}

    def check_deploy(*, collected=True, **variables):
        (tmp_path / "static").mkdir()
        if collected:
            (tmp_path / "static" / "staticfiles.json").write_text(MANIFEST, encoding="utf-8")
        return run_python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **place, **variables)

    return check_deploy


def test_production_passes_the_deployment_checks(check_deploy):
    result = check_deploy(**PRODUCTION)

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("EMAIL_URL", "consolemail://", "mail"),
        ("CACHE_URL", "locmemcache://", "rate limit"),
        ("SITE_URL", "http://latchkey.example", "https"),
        ("NEWSLETTER_POSTAL_ADDRESS", "", "NEWSLETTER_POSTAL_ADDRESS"),
        ("DEFAULT_FROM_EMAIL", "", "DEFAULT_FROM_EMAIL"),
        ("WEB_CONCURRENCY", "2", "SQLite"),
        ("TRUSTED_PROXY_COUNT", "", "TRUSTED_PROXY_COUNT"),
        ("DEBUG", "true", "DEBUG"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("SECURE_HSTS_SECONDS", "0", "HSTS"),
    ],
)
def test_the_deployment_checks_see_what_is_not_fit_for_production(check_deploy, name, value, words):
    result = check_deploy(**{**PRODUCTION, name: value})

    assert result.returncode == 1
    assert words in result.stderr


def test_the_deployment_checks_see_static_files_that_are_not_collected(check_deploy):
    result = check_deploy(collected=False, **PRODUCTION)

    assert result.returncode == 1
    assert "config.W006" in result.stderr


def test_debug_is_off_unless_it_is_asked_for(run_python):
    assert read_setting(run_python, "settings.DEBUG", **PRODUCTION) == "False"


def test_without_a_key_nothing_starts(run_python):
    result = run_python("manage.py", "migrate", **{**PRODUCTION, "SECRET_KEY": ""})

    assert result.returncode == 1
    assert "SECRET_KEY is not set" in result.stderr
    assert 'python -c "import secrets; print(secrets.token_urlsafe(50))"' in result.stderr
    assert "Traceback" not in result.stderr


def test_without_debug_the_site_must_know_its_address(run_python):
    result = run_python("manage.py", "check", SECRET_KEY=SECRET_KEY)

    assert result.returncode == 1
    assert "SITE_URL is not set" in result.stderr


def test_the_site_answers_to_the_host_of_its_address(run_python):
    hosts = read_setting(run_python, "settings.ALLOWED_HOSTS", **{**PRODUCTION, "ALLOWED_HOSTS": ""})

    assert hosts == "['latchkey.example']"


def test_cookies_need_https_in_production(run_python):
    secure = "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT"

    assert read_setting(run_python, secure, **PRODUCTION) == "True True True"
    assert read_setting(run_python, secure, SECRET_KEY=SECRET_KEY, DEBUG="true") == "False False False"


def test_the_scheme_a_proxy_names_is_trusted_only_where_a_proxy_stands(run_python):
    header = "settings.SECURE_PROXY_SSL_HEADER"

    assert read_setting(run_python, header, **PRODUCTION) == "None"
    assert "X_FORWARDED_PROTO" in read_setting(run_python, header, **{**PRODUCTION, "TRUSTED_PROXY_COUNT": "1"})


def test_mail_is_sent_without_a_warning_on_this_django(run_python, tmp_path):
    result = run_python(
        "-c",
        SEND,
        DJANGO_SETTINGS_MODULE="config.settings",
        **{**PRODUCTION, "EMAIL_URL": f"filemail:///{tmp_path}"},
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert "reader@example.com" in next(tmp_path.iterdir()).read_text()


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:1", "smtp+tls://user:pw@127.0.0.1:1", "smtp+ssl://127.0.0.1:1"])
def test_a_mail_server_is_tried_without_a_warning_on_this_django(run_python, url):
    result = run_python("-c", SEND, DJANGO_SETTINGS_MODULE="config.settings", **{**PRODUCTION, "EMAIL_URL": url})

    assert "ConnectionRefusedError" in result.stderr
    assert "Warning" not in result.stderr


def test_the_tests_ignore_what_the_developer_exported(run_python):
    result = run_python(
        "-c",
        f"{START}print(settings.DEBUG, settings.SITE_URL, settings.TIME_ZONE)",
        DJANGO_SETTINGS_MODULE="tests.settings",
        DEBUG="true",
        SECRET_KEY="x",
        SITE_URL="nonsense",
        TIME_ZONE="Europe/Vienna",
    )

    assert result.stdout.split() == ["False", "https://latchkey.example", "UTC"]
