"""Copies that are made, edited, reformatted and brought up to date by scripts/tokens_copy.py."""

import json
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.project import ROOT, make_environment

OLD = Path(__file__).with_name("tokens-before-1.0.zip")
RUFF = f"{sys.executable} -m ruff format --quiet --config 'line-length = 79' --config 'format.quote-style = \"single\"'"


def git(folder, *arguments):
    command = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder, message="Changes"):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A checkout with an old version of the app behind the present one, and both commits."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/tokens_copy.py", folder / "scripts")
    git(folder, "init", "--quiet")
    app = folder / "apps/tokens"
    app.mkdir(parents=True)
    with zipfile.ZipFile(OLD) as old:
        old.extractall(app)
    (app / "__init__.py").write_text('__version__ = "0.9.0"\n')
    commit(folder, "old")
    shutil.rmtree(app)
    shutil.copytree(ROOT / "apps/tokens", app, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    commit(folder, "present")
    return folder


class Owner:
    """A project with git and a copy of the app."""

    def __init__(self, checkout, folder):
        self.checkout, self.folder = checkout, folder
        git(folder, "init", "--quiet")
        (folder / "vendored").mkdir()
        self.copy = folder / "vendored" / "links"

    def run(self, command, *arguments, status=0):
        result = subprocess.run(
            [sys.executable, self.checkout / "scripts/tokens_copy.py", command, "vendored/links", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr

    def edit(self, name, old, new):
        text = (self.copy / name).read_text()
        assert text.count(old) == 1
        (self.copy / name).write_text(text.replace(old, new))


@pytest.fixture
def owner(history, tmp_path):
    return Owner(history, tmp_path)


@pytest.fixture
def old_copy(owner):
    """A copy of the old version, in which its owner has changed what owners change."""
    present = git(owner.checkout, "rev-parse", "HEAD").strip()
    git(owner.checkout, "checkout", "--quiet", "HEAD~1")
    try:
        owner.run("add")
    finally:
        git(owner.checkout, "checkout", "--quiet", present)
    commit(owner.folder)
    owner.edit("apps.py", 'verbose_name = _("Request tokens")', 'verbose_name = _("Our links")')
    owner.edit("templates/tokens/base.html", "</body>", "<p>Call us.</p></body>")
    return owner


def test_a_copy_that_is_added_has_a_record_and_the_lines_for_the_settings(owner):
    output = owner.run("add")

    record = json.loads((owner.copy / "ORIGIN.json").read_text())
    assert record["version"] == "1.0.0"
    assert record["commit"] == git(owner.checkout, "rev-parse", "HEAD").strip()
    assert {"apps.py", "tests/__main__.py", "LICENSE"} <= record["files"].keys()
    assert 'INSTALLED_APPS += ["vendored.links"]' in output
    assert "0 files changed" in owner.run("verify")


def test_only_what_the_owner_changed_is_a_difference(old_copy):
    output = old_copy.run("diff")

    changes = [line for line in output.splitlines() if line[0] in "+-" and not line.startswith(("+++", "---"))]
    assert len(changes) == 4
    assert '+    verbose_name = _("Our links")' in changes


def test_reformatting_is_no_difference_to_who_names_the_formatter(old_copy):
    before = old_copy.run("diff", "--format", RUFF)

    subprocess.run([*shlex.split(RUFF), old_copy.copy], check=True)

    assert old_copy.run("diff", "--format", RUFF) == before
    assert len(old_copy.run("diff").splitlines()) > 100


@pytest.mark.parametrize("formatter", [None, RUFF])
def test_an_update_keeps_what_the_owner_changed_and_its_tests_pass(old_copy, formatter):
    arguments = ["--format", formatter] if formatter else []
    if formatter:
        subprocess.run([*shlex.split(formatter), old_copy.copy], check=True)
    commit(old_copy.folder)

    output = old_copy.run("update", *arguments, status=1)

    assert "conflict" not in output
    [by_hand] = [line for line in output.splitlines() if line.startswith("  ") and "migrations" in line]
    assert "migrations/0001_initial.py: differs" in by_hand
    assert "Our links" in (old_copy.copy / "apps.py").read_text()
    assert "Call us." in (old_copy.copy / "templates/tokens/base.html").read_text()
    assert "class admit" in (old_copy.copy / "admission.py").read_text()
    assert json.loads((old_copy.copy / "ORIGIN.json").read_text())["version"] == "1.0.0"


def test_a_line_that_both_have_changed_is_a_conflict_and_nothing_is_lost(old_copy):
    (old_copy.copy / "__init__.py").write_text('__version__ = "0.9.0-ours"\n')
    commit(old_copy.folder)

    output = old_copy.run("update", status=1)

    assert "__init__.py: 1 conflicts" in output
    text = (old_copy.copy / "__init__.py").read_text()
    assert '"0.9.0-ours"' in text
    assert '"1.0.0"' in text


def test_what_the_owner_deleted_stays_deleted(old_copy):
    shutil.rmtree(old_copy.copy / "access")
    commit(old_copy.folder)

    output = old_copy.run("update", status=1)

    assert not list((old_copy.copy / "access").glob("*.py"))
    assert "access/tokens.py: you have deleted it, and it has changed here" in output


def test_what_verify_writes_is_not_in_the_way_of_an_update(owner):
    owner.run("add")
    commit(owner.folder)
    (owner.copy / "ORIGIN.json").write_text(
        (owner.copy / "ORIGIN.json").read_text().replace('"verified": "', '"verified": "1')
    )

    assert "Nothing is left to do by hand" in owner.run("update")


def test_an_update_touches_nothing_that_is_not_committed(old_copy):
    before = {path: path.read_bytes() for path in old_copy.copy.rglob("*") if path.is_file()}

    output = old_copy.run("update", status=2)

    assert "changes that are not committed" in output
    assert {path: path.read_bytes() for path in old_copy.copy.rglob("*") if path.is_file()} == before


def test_a_copy_without_a_record_finds_its_version_though_edited_and_reformatted(old_copy):
    (old_copy.copy / "ORIGIN.json").unlink()
    assert "adopt" in old_copy.run("verify", status=2)
    for path in old_copy.copy.rglob("*.py"):
        # A tenth of its lines.
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(f"{line.rstrip()}  # ours\n" if n % 10 == 5 else line for n, line in enumerate(lines)))

    output = old_copy.run("adopt")

    assert "is 0.9.0, commit" in output
    assert json.loads((old_copy.copy / "ORIGIN.json").read_text())["version"] == "0.9.0"


def test_what_is_no_copy_is_not_adopted(owner):
    owner.copy.mkdir()
    (owner.copy / "apps.py").write_text("something else")

    assert "is not a version of apps/tokens that is known here" in owner.run("adopt", status=2)


def test_verify_counts_changes_and_security_entries_that_are_missed(old_copy):
    changelog = old_copy.checkout / "apps/tokens/CHANGELOG.md"
    text = changelog.read_text()
    changelog.write_text(text.replace("## 1.0.0", "## 1.0.1\n\n* Security: a hole. Copies: update.\n\n## 1.0.0"))
    try:
        output = old_copy.run("verify", status=1)
    finally:
        changelog.write_text(text)

    assert output.startswith("0.9.0, 2 files changed, 1 security entries newer than yours\n")
    assert json.loads((old_copy.copy / "ORIGIN.json").read_text())["missed"] == ["* Security: a hole. Copies: update."]


@pytest.mark.hosts
@pytest.mark.parametrize("formatter", [None, RUFF])
def test_the_tests_pass_after_an_update(old_copy, formatter):
    commit(old_copy.folder)
    old_copy.run("update", *(["--format", formatter] if formatter else []), status=1)
    # What the report said must be looked at.
    shutil.copy(ROOT / "apps/tokens/migrations/0001_initial.py", old_copy.copy / "migrations")

    result = subprocess.run(
        [sys.executable, "-m", "vendored.links.tests", "-q", "-n", "2"],
        cwd=old_copy.folder,
        env=make_environment(),
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stdout[-5000:]
