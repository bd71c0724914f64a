"""Four files: the site, its two database servers, and what only developers need. scripts/test-deploy installs them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = ["requirements.txt", "requirements-dev.txt", "requirements-postgres.txt", "requirements-mysql.txt"]


def read_lines(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


def package_name(line):
    return re.split(r"[\[=]", line)[0].lower()


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_one_exact_version(name):
    inexact = [line for line in read_lines(name) if not re.match(r"[\w.-]+(\[\w+\])?==[\d.]+\b", line)]

    assert inexact == []


def test_no_package_is_named_twice():
    names = [package_name(line) for file in FILES for line in read_lines(file)]

    assert [name for name in names if names.count(name) > 1] == []


def test_the_site_needs_no_tool_of_its_developers():
    site = {package_name(line) for line in read_lines("requirements.txt")}

    assert not site & {"pytest", "mypy", "ruff", "django-stubs", "hypothesis", "aiosmtpd"}
    assert len(site) < 20


def test_developers_get_what_the_site_needs_first():
    assert (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").startswith("-r requirements.txt\n")
