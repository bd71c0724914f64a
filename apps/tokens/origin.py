"""What a copy that scripts/tokens_copy.py made or adopted says of itself before a deployment. Offline."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Info, Warning, register

FOLDER = Path(__file__).resolve().parent


@register(deploy=True)
def check_copy(folder: Path = FOLDER, **kwargs: Any) -> list[CheckMessage]:
    try:
        origin = json.loads((folder / "ORIGIN.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    # Tests need not be on a server, and a part may have been deleted: what is there counts.
    files = {name: folder / name for name in origin["files"]}
    changed = [name for name, file in files.items() if file.exists() and _digest(file) != origin["files"][name]]
    missed = origin.get("missed", [])
    when = f"on {origin['verified']}" if origin.get("verified") else "as far as it knows"
    message = f"{origin['version']}, {len(changed)} files changed, {len(missed)} security entries newer {when}"
    if not missed:
        return [Info(message, "\n".join(changed) or None, obj=__package__, id="tokens.I001")]
    return [Warning(message, "\n".join(missed), obj=__package__, id="tokens.W004")]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
