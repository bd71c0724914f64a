"""Collects nothing unless this folder is pytest's root, which `python -m <path>.tokens.tests` makes it."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return None if config.rootpath == FOLDER else True


def pytest_configure(config: pytest.Config) -> None:
    # Not imported above: it asks for a Django that is set up, with this app installed.
    if config.rootpath == FOLDER:
        config.pluginmanager.import_plugin(f"{__package__}.fixtures")
