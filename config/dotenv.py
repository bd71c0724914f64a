"""
The ``.env`` file: found, read, and written once for the demo.

It lies in ``.local/``, as do a SQLite database and whatever else is this machine's own. ``startproject --template``
copies a file that begins with a dot, but never a folder.
"""

import io
import os
import re
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environ import Env

BASE_DIR = Path(__file__).resolve().parent.parent
# Threat: a project started from this checkout has its key, and the people in its database. The dot keeps them here.
LOCAL_DIR = BASE_DIR / ".local"


def find_env_file() -> Path | None:
    """``.local/.env``, or what ENV_FILE names; None where ENV_FILE is empty."""
    name = os.environ.get("ENV_FILE", str(LOCAL_DIR / ".env")).strip()
    return BASE_DIR / name if name else None


def load_env_file() -> None:
    """Put the file's variables into the environment, where those already set win."""
    path = find_env_file()
    if path is None:
        return
    try:
        # PowerShell and Windows editors begin a file with a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if "ENV_FILE" in os.environ:
            raise ImproperlyConfigured(f"ENV_FILE names {path}, which does not exist.") from None
        if (BASE_DIR / ".env").exists() and not os.environ.get("SECRET_KEY", "").strip():
            raise ImproperlyConfigured(
                f"Move {BASE_DIR / '.env'} to {path}: startproject would copy it, key and all, from beside manage.py."
            ) from None
        return
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path} is not UTF-8 text: save it with that encoding.") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            name = _check_line(line, where=f"{path}, line {number}")
            if not os.environ.get(name, "").strip():
                os.environ.pop(name, None)
    Env.read_env(io.StringIO(text))


def write_demo_env_file() -> Path | None:
    """Write the file for the demo, with DEBUG on and a key of its own; None if there is nothing to write."""
    path = find_env_file()
    # Where a key is exported the environment is the configuration: such a machine may be in production,
    # and a file with DEBUG=true must not appear there.
    if path is None or path.exists() or os.environ.get("SECRET_KEY", "").strip():
        return None
    lines = (
        "# Written by `manage.py demo`. See .env.example for what else may stand here.",
        f"SECRET_KEY={secrets.token_urlsafe(50)}",
        "DEBUG=true",
    )
    try:
        if path.parent == LOCAL_DIR:
            LOCAL_DIR.mkdir(mode=0o700, exist_ok=True)
        # O_EXCL: a file that appears in the meantime is never overwritten. 600: the key is nobody else's.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be written: {error.strerror}. Export SECRET_KEY and DEBUG=true instead."
        ) from None
    return path


def _check_line(line: str, where: str) -> str:
    # django-environ skips a line it cannot read, and takes a comment behind a value for part of the value.
    # The line is never shown: it may hold a secret.
    match = re.fullmatch(r"(?:export )?([A-Za-z_][A-Za-z_0-9]*)=(.*)", line)
    if not match or "\0" in line:
        raise ImproperlyConfigured(f"{where}: write NAME=value, with no blanks around the name.")
    value = match[2].strip()
    quote = value[:1]
    if quote in ("'", '"') and not re.fullmatch(rf"{quote}(\\.|[^\\{quote}])*{quote}", value):
        raise ImproperlyConfigured(f"{where}: nothing may follow the closing quote. Put a comment on its own line.")
    if quote not in ("'", '"') and re.search(r"(^|\s)#", value):
        raise ImproperlyConfigured(f"{where}: put the comment on its own line, or quote a value with a # in it.")
    return match[1]
