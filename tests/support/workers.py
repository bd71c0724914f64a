"""Worker processes of their own, started as an operator starts them, on the database of the test."""

import subprocess
import sys
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.support.project import ROOT, make_environment

SCHEMES = {"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mysql"}


def database_url():
    config = connection.settings_dict
    scheme = SCHEMES[connection.vendor]
    if scheme == "sqlite":
        return f"sqlite:///{config['NAME']}"
    password = f":{quote(config['PASSWORD'], safe='')}" if config["PASSWORD"] else ""
    return f"{scheme}://{config['USER']}{password}@{config['HOST']}:{config['PORT']}/{config['NAME']}"


def manage(*args, email_url, **variables):
    """A running `manage.py`, warnings being errors."""
    environment = {
        "SECRET_KEY": settings.SECRET_KEY,
        "SITE_URL": settings.SITE_URL,
        "DATABASE_URL": database_url(),
        "EMAIL_URL": email_url,
        **variables,
    }
    return subprocess.Popen(
        [sys.executable, "-W", "error", "manage.py", *args],
        cwd=ROOT,
        env=make_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    """What it printed, once it has ended well."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output
