"""The settings, .env.example and the README's table name the same variables."""

import re

import pytest

from apps.tokens.conf import TokenSettings
from tests.support.project import ROOT


def find_names(pattern, *paths):
    return {name for path in paths for name in re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)}


@pytest.fixture
def variables():
    ours = find_names(r'read_\w+\(\s*"([A-Z0-9_]+)"', ROOT / "config" / "settings.py")
    return ours | {name for name in vars(TokenSettings) if name.isupper()}


def test_the_example_file_names_every_variable_and_no_other(variables):
    assert find_names(r"^([A-Z0-9_]+)=", ROOT / ".env.example") == variables


def test_the_readme_names_every_variable_and_no_other(variables):
    assert find_names(r"^\| `([A-Z0-9_]+)` ", ROOT / "README.md") == variables


def test_the_example_file_starts_the_site_once_a_key_is_in_it(run_python, tmp_path):
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    filled = text.replace("SECRET_KEY=\n", f"SECRET_KEY={'k' * 49}3\n").replace("DEBUG=false", "DEBUG=true")
    (tmp_path / ".env").write_text(filled, encoding="utf-8")

    result = run_python("manage.py", "check", ENV_FILE=str(tmp_path / ".env"))

    assert result.returncode == 0, result.stderr
