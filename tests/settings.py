"""The site's settings under test: the same on every machine, whatever is exported or in .env there.

TEST_DATABASE_URL, and nothing else, is read from the environment.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

from tests.support.project import ROOT

for name in re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE):
    os.environ.pop(name, None)
os.environ |= {
    "ENV_FILE": "",
    "SECRET_KEY": "for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
    "SITE_URL": "https://latchkey.example",
    "ALLOWED_HOSTS": "latchkey.example,testserver",
    "EMAIL_URL": "memorymail://",
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    # The test client speaks http.
    "SECURE_SSL_REDIRECT": "false",
}

from config.settings import *
from config.settings import DATABASES, STORAGES

SCRATCH_DIR = Path(tempfile.mkdtemp(prefix="latchkey-tests-"))
atexit.register(shutil.rmtree, SCRATCH_DIR, ignore_errors=True)

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file and not :memory:, so that threads with connections of their own can race.
    DATABASES["default"]["NAME"] = str(SCRATCH_DIR / "db.sqlite3")
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH_DIR / "test.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    # Some servers still make databases in latin1.
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4"}

# One fast round: no test is about how slow a password is.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# collectstatic has not run.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = SCRATCH_DIR / "static"
STATIC_ROOT.mkdir()

DEMO_MAILBOX_DIR = SCRATCH_DIR / "mailbox"
