import shutil
import subprocess
import sys

import pytest
from django.core.management import call_command

from tests.support.project import ROOT, SECRET_KEY, make_environment

# The tools' own. What the demo and the owner have written is another matter: that is what must not travel.
NOT_OF_A_CLONE = (".git", ".venv*", ".local", "staticfiles", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone in which the demo ran."""
    folder = tmp_path_factory.mktemp("clone") / "latchkey"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_OF_A_CLONE))
    demo = [sys.executable, "manage.py", "demo", "--no-server"]
    subprocess.run(demo, cwd=folder, env=make_environment(ENV_FILE=None), check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def started(clone, tmp_path_factory):
    """What `django-admin startproject --template` makes of that clone."""
    folder = tmp_path_factory.mktemp("mysite")
    call_command("startproject", "mysite", str(folder), template=str(clone))
    return folder


def files_with(text, folder):
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


def test_neither_the_key_nor_the_people_of_the_clone_travel(clone, started):
    [key] = [line for line in (clone / ".local/.env").read_bytes().splitlines() if line.startswith(b"SECRET_KEY=")]
    assert files_with(key, clone) == [".local/.env"]
    assert ".local/db.sqlite3" in files_with(b"SQLite format 3", clone)

    assert files_with(key, started) == []
    assert files_with(b"SQLite format 3\0", started) == []


def test_startproject_copies_every_source_file_as_it_is(started):
    """It renders Python files as templates: tags and variables in them would be lost."""
    folders = ["apps", "bench", "config", "deploy", "docs", "scripts", "static", "templates", "tests"]
    sources = {
        path.relative_to(ROOT): path.read_bytes()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and ".hypothesis" not in path.parts
    }

    changed = [path for path, text in sources.items() if (started / path).read_bytes() != text]

    assert len(sources) > 200
    assert changed == []
    assert (started / "scripts/ci").stat().st_mode & 0o111


def test_the_started_project_passes_its_checks(started, run_python):
    result = run_python("manage.py", "check", cwd=started, SECRET_KEY=SECRET_KEY, DEBUG="true")

    assert result.returncode == 0, result.stderr


@pytest.mark.hosts
@pytest.mark.parametrize("suite", ["pytest", "apps.tokens.tests"])
def test_the_started_projects_own_tests_pass(started, run_python, suite):
    result = run_python("-m", suite, "-q", "-n", "2", cwd=started, ENV_FILE=None, timeout=900)

    assert result.returncode == 0, result.stdout[-10_000:]
