import shutil

import pytest
from django.core.management import call_command

from tests.support.project import ROOT

NOT_OF_A_CLONE = (".git", ".venv*", ".env", "db.sqlite3*", "staticfiles", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture
def started(tmp_path):
    """What `django-admin startproject --template` makes of a clone."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*NOT_OF_A_CLONE))
    (tmp_path / "mysite").mkdir()
    call_command("startproject", "mysite", str(tmp_path / "mysite"), template=str(clone))
    return tmp_path / "mysite"


def test_startproject_copies_every_source_file_as_it_is(started):
    """It renders Python files as templates: tags and variables in them would be lost."""
    folders = ["apps", "bench", "config", "tests"]
    sources = {path.relative_to(ROOT): path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py")}

    changed = [path for path, text in sources.items() if (started / path).read_text() != text]

    assert len(sources) > 100
    assert changed == []


def test_the_started_project_passes_its_checks(started, run_python):
    result = run_python("manage.py", "check", cwd=started, SECRET_KEY="x" * 50, DEBUG="true")

    assert result.returncode == 0, result.stderr
