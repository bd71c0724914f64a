import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "for-subprocesses-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF"
PRODUCTION = {
    "SECRET_KEY": KEY,
    "SITE_URL": "https://latchkey.example",
    "ALLOWED_HOSTS": "latchkey.example",
    "EMAIL_URL": "smtp+tls://user:password@mail.latchkey.example",
    "CACHE_URL": "redis://127.0.0.1:6379/0",
    "NEWSLETTER_POSTAL_ADDRESS": "1 High Street, Town",
    "TRUSTED_PROXY_COUNT": "0",
    "DEFAULT_FROM_EMAIL": "Latchkey <news@latchkey.example>",
}


@pytest.fixture
def run_python():
    """Runs Python in the project's folder, warnings being errors, with nothing in the environment but ``variables``."""

    def run(*args, cwd=ROOT, **variables):
        system = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "TMPDIR") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-W", "error", *args],
            cwd=cwd,
            env={**system, "ENV_FILE": "", "PYTHONDONTWRITEBYTECODE": "1", **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
