import re

import pytest
from django.conf import settings

from tests.support.project import PRODUCTION, SECRET_KEY

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiI3In0.c2lnbmF0dXJl"
LOGGERS = [
    "root",
    "django",
    "django.db.backends",
    "django.request",
    "django.security.csrf",
    "django.server",
    "django.tasks",
    "django.template",
    "apps.newsletter",
    "apps.mailing",
    "apps.tokens",
    "somebody.else",
]
# ERROR is written whatever LOG_LEVEL says; a lower level takes the same way.
LOG_A_TOKEN_THROUGH_EACH = f"""
import logging
import django

django.setup()
for name in {LOGGERS}:
    logging.getLogger(name).error("refused %s", "/newsletter/?rt={TOKEN}&a=1")
"""


@pytest.mark.parametrize("variables", [PRODUCTION, {"SECRET_KEY": SECRET_KEY, "DEBUG": "true"}], ids=["site", "debug"])
def test_every_logger_writes_its_line_once_and_without_the_token(run_python, variables):
    result = run_python("-c", LOG_A_TOKEN_THROUGH_EACH, DJANGO_SETTINGS_MODULE="config.settings", **variables)

    assert result.returncode == 0, result.stderr
    written = [re.sub(r"^[-\d]+ [:,\d]+ ", "", line) for line in (result.stdout + result.stderr).splitlines()]
    assert written == [f"ERROR {name} refused /newsletter/?rt=***&a=1" for name in LOGGERS]


def test_every_handler_hides_tokens():
    """Also those that write to no terminal, such as the one that emails errors to the admins."""
    handlers = settings.LOGGING["handlers"]

    assert [name for name, handler in handlers.items() if "hide_tokens" not in handler["filters"]] == []
