"""Parts are cut out of a copy of the checkout by scripts/cut.py, and what is left stands by itself."""

import shutil
import subprocess
import sys

import pytest

from tests.hosts.test_tokens_copy import commit, git
from tests.support.project import ROOT, SECRET_KEY, make_environment

pytestmark = pytest.mark.hosts

NOT_OF_A_CLONE = (".git", ".venv*", ".local", "staticfiles", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "latchkey"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_OF_A_CLONE))
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def run(checkout, *args, status=0):
    environment = make_environment(SECRET_KEY=SECRET_KEY, DEBUG="true")
    result = subprocess.run([sys.executable, *args], cwd=checkout, env=environment, capture_output=True, text=True)
    assert result.returncode == status, result.stdout[-5000:] + result.stderr
    return result.stdout + result.stderr


def test_a_cut_says_what_it_would_do_and_does_nothing(checkout):
    output = run(checkout, "scripts/cut.py", "mailing")

    assert "remove apps/demo\n" in output
    assert "remove apps/mailing\n" in output
    assert "edit   config/urls.py: 2 lines fewer" in output
    assert git(checkout, "status", "--porcelain") == ""


def test_a_cut_touches_nothing_that_is_not_committed(checkout):
    (checkout / "manage.py").write_text("# ours")

    assert "not committed" in run(checkout, "scripts/cut.py", "demo", "--yes", status=2)
    assert (checkout / "apps/demo").exists()


def test_a_cut_that_misses_a_line_names_it_and_does_nothing(checkout):
    path = checkout / "config/urls.py"
    path.write_text(path.read_text().replace('path("demo/"', 'path("try/"'))
    commit(checkout)

    output = run(checkout, "scripts/cut.py", "demo", "--yes", status=2)

    assert 'config/urls.py has 0 times, and should have once: path("demo/"' in output
    assert (checkout / "apps/demo").exists()


@pytest.mark.parametrize("part", ["demo", "mailing"])
def test_what_a_cut_leaves_starts_and_is_in_shape(checkout, part):
    run(checkout, "scripts/cut.py", part, "--yes")

    run(checkout, "manage.py", "check", "--fail-level", "ERROR")
    run(checkout, "manage.py", "makemigrations", "--check", "--dry-run")
    run(checkout, "-m", "ruff", "format", "--check", ".")
    run(checkout, "-m", "ruff", "check", ".")
    assert " tests collected" in run(checkout, "-m", "pytest", "--collect-only", "-q")
