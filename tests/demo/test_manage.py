import os
import shutil
import stat

import pytest

from tests.support.project import ROOT, SECRET_KEY


@pytest.fixture
def checkout(tmp_path):
    """A copy of the code in a folder with an awkward name."""
    folder = tmp_path / "a b#c+d%41"
    for package in ("apps", "config"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    return folder


def demo(run_python, checkout, **variables):
    """The command as far as its help: what happens before a command is under test."""
    return run_python("manage.py", "demo", "--help", cwd=checkout, **variables)


def test_the_demo_writes_a_configuration_of_its_own(run_python, checkout):
    result = demo(run_python, checkout, ENV_FILE=".env")

    assert result.returncode == 0, result.stderr
    lines = (checkout / ".env").read_text().splitlines()
    assert "Wrote .env with" in result.stdout
    assert "DEBUG=true" in lines
    assert len(lines[1].removeprefix("SECRET_KEY=")) >= 50


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_nobody_else_can_read_the_key(run_python, checkout):
    demo(run_python, checkout, ENV_FILE=".env")

    assert stat.S_IMODE((checkout / ".env").stat().st_mode) == 0o600


def test_every_machine_gets_another_key(run_python, checkout):
    demo(run_python, checkout, ENV_FILE="one")
    demo(run_python, checkout, ENV_FILE="two")

    assert (checkout / "one").read_text() != (checkout / "two").read_text()


def test_a_configuration_that_exists_is_never_overwritten(run_python, checkout):
    text = f"SECRET_KEY={SECRET_KEY}\nDEBUG=true\n"
    (checkout / ".env").write_text(text)

    result = demo(run_python, checkout, ENV_FILE=".env")

    assert result.returncode == 0, result.stderr
    assert (checkout / ".env").read_text() == text


def test_a_machine_with_an_exported_key_never_grows_a_debug_file(run_python, checkout):
    demo(run_python, checkout, ENV_FILE=".env", SECRET_KEY=SECRET_KEY)

    assert not (checkout / ".env").exists()


def test_no_other_command_writes_a_configuration(run_python, checkout):
    run_python("manage.py", "check", cwd=checkout, ENV_FILE=".env")

    assert not (checkout / ".env").exists()


def test_a_place_that_cannot_be_written_is_named(run_python, checkout):
    result = demo(run_python, checkout, ENV_FILE="missing/.env")

    assert result.returncode == 1
    assert "missing/.env cannot be written: No such file or directory" in result.stderr
    assert "Export SECRET_KEY and DEBUG=true instead" in result.stderr


def test_the_configuration_lies_in_a_folder_that_startproject_leaves_out(run_python, checkout):
    result = demo(run_python, checkout, ENV_FILE=None)

    assert "Wrote .local/.env with" in result.stdout
    assert (checkout / ".local/.env").exists()


def test_a_configuration_in_the_old_place_is_no_configuration_and_is_told_where_to_go(run_python, checkout):
    (checkout / ".env").write_text(f"SECRET_KEY={SECRET_KEY}\nDEBUG=true\n")

    result = run_python("manage.py", "check", cwd=checkout, ENV_FILE=None)

    assert result.returncode == 1
    assert f"Move {checkout}/.env to {checkout}/.local/.env" in result.stderr
