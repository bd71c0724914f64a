"""The checkout, and what a process of its own needs to run in it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET_KEY = "for-subprocesses-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF"
PRODUCTION = {
    "SECRET_KEY": SECRET_KEY,
    "SITE_URL": "https://latchkey.example",
    "ALLOWED_HOSTS": "latchkey.example",
    "EMAIL_URL": "smtp+tls://user:password@mail.latchkey.example",
    "CACHE_URL": "redis://127.0.0.1:6379/0",
    "NEWSLETTER_POSTAL_ADDRESS": "1 High Street, Town",
    "TRUSTED_PROXY_COUNT": "0",
    "DEFAULT_FROM_EMAIL": "Latchkey <news@latchkey.example>",
}


def make_environment(**variables: str | None) -> dict[str, str]:
    """These variables, without those that are None, what the system needs, and nothing else of this machine."""
    system = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "TMPDIR") if name in os.environ}
    chosen = {"ENV_FILE": "", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return {**system, **{name: value for name, value in chosen.items() if value is not None}}
