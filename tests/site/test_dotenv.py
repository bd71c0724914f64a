import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import dotenv

NAMES = ("LATCHKEY_ONE", "LATCHKEY_TWO")


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Writes text into a .env file and reads it into an environment that ends with the test."""

    def load_text(text, encoding="utf-8"):
        path = tmp_path / ".env"
        path.write_bytes(text.encode(encoding))
        monkeypatch.setenv("ENV_FILE", str(path))
        dotenv.load_env_file()
        return [os.environ.get(name) for name in NAMES]

    for name in NAMES:
        # setenv before delenv: so the end of the test also removes what the file brings.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return load_text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("LATCHKEY_ONE=plain", "plain"),
        ("export LATCHKEY_ONE=exported", "exported"),
        ("LATCHKEY_ONE='a # b'", "a # b"),
        ('LATCHKEY_ONE="a # b"', "a # b"),
        ("LATCHKEY_ONE=a#b", "a#b"),
        ("LATCHKEY_ONE=$HOME", "$HOME"),
        ("LATCHKEY_ONE=a=b", "a=b"),
    ],
)
def test_a_line_is_read(load, line, value):
    assert load(f"# comment\n\n{line}\nLATCHKEY_TWO=2\n") == [value, "2"]


def test_a_file_from_windows_is_read(load):
    assert load("LATCHKEY_ONE=1\r\nLATCHKEY_TWO=2\r\n", encoding="utf-8-sig") == ["1", "2"]


def test_a_file_in_utf_16_stops_the_start(load):
    with pytest.raises(ImproperlyConfigured, match="is not UTF-8 text"):
        load("LATCHKEY_ONE=1\n", encoding="utf-16")


@pytest.mark.parametrize(
    "line",
    [
        "LATCHKEY_ONE=hunter2 # note",
        "LATCHKEY_ONE= # hunter2",
        "LATCHKEY_ONE='hunter2' # note",
        'LATCHKEY_ONE="hunter2" # "note"',
        "LATCHKEY_ONE='hunter2",
        "LATCHKEY_ONE = hunter2",
        " LATCHKEY_ONE=hunter2",
        "LATCHKEY_ONE: hunter2",
        "LATCHKEY ONE=hunter2",
        "hunter2",
    ],
)
def test_a_line_that_would_be_misread_stops_the_start_and_is_not_shown(load, line):
    with pytest.raises(ImproperlyConfigured, match=r"\.env, line 2: ") as caught:
        load(f"LATCHKEY_TWO=2\n{line}\n")

    assert "hunter2" not in str(caught.value)


def test_an_exported_variable_wins(load, monkeypatch):
    monkeypatch.setenv("LATCHKEY_ONE", "exported")

    assert load("LATCHKEY_ONE=file\nLATCHKEY_TWO=file\n") == ["exported", "file"]


def test_an_empty_exported_variable_counts_as_unset(load, monkeypatch):
    monkeypatch.setenv("LATCHKEY_ONE", "")

    assert load("LATCHKEY_ONE=file\n") == ["file", None]


def test_a_named_file_that_is_missing_stops_the_start(tmp_path, monkeypatch):
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "missing"))

    with pytest.raises(ImproperlyConfigured, match="ENV_FILE names .*missing, which does not exist"):
        dotenv.load_env_file()


def test_a_folder_is_not_read_as_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("ENV_FILE", str(tmp_path))

    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        dotenv.load_env_file()
