import hashlib
import json

import pytest
from django.core.checks.registry import registry

from ..origin import check_copy

TEXTS = {"apps.py": "one", "uses.py": "two", "tests/test_uses.py": "three"}


@pytest.fixture
def copy(tmp_path):
    """A copy on a server, where the tests need not be."""
    files = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TEXTS.items()}
    record = {"version": "1.2.0", "commit": "abc", "files": files, "verified": "2026-11-24", "missed": []}
    (tmp_path / "apps.py").write_text(TEXTS["apps.py"])
    (tmp_path / "uses.py").write_text(TEXTS["uses.py"])
    (tmp_path / "ORIGIN.json").write_text(json.dumps(record))
    return tmp_path


def test_a_copy_says_which_version_it_is_and_what_its_owner_changed(copy):
    (copy / "uses.py").write_text("ours")

    [message] = check_copy(copy)

    assert message.id == "tokens.I001"
    assert message.msg == "1.2.0, 1 files changed, 0 security entries newer on 2026-11-24"
    assert message.hint == "uses.py"
    assert not message.is_serious(level=30)


def test_a_copy_that_is_known_to_miss_security_entries_warns_with_them(copy):
    record = json.loads((copy / "ORIGIN.json").read_text())
    (copy / "ORIGIN.json").write_text(json.dumps({**record, "missed": ["* Security: a hole. Copies: update."]}))

    [message] = check_copy(copy)

    assert message.id == "tokens.W004"
    assert message.msg == "1.2.0, 0 files changed, 1 security entries newer on 2026-11-24"
    assert "a hole" in message.hint


def test_a_copy_without_a_record_says_nothing(copy):
    (copy / "ORIGIN.json").unlink()

    assert check_copy(copy) == []


def test_nobody_reads_all_files_at_every_start():
    """Only ``check --deploy`` asks."""
    assert check_copy not in registry.get_checks()
    assert check_copy in registry.get_checks(include_deployment_checks=True)
