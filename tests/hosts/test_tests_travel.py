"""The app's tests in a project that has tests of its own: started by their own command, and by no other."""

import re
import shutil
import subprocess
import sys

import pytest
from django.core.management import call_command

from tests.support.project import ROOT, make_environment

MIDDLEWARE = """
INSTALLED_APPS += ["PATH"]
MIDDLEWARE.insert(5, "PATH.middleware.RequestTokenMiddleware")
"""
DJANGO_TESTS = """
from django.test import TestCase

class HostTests(TestCase):
    def test_the_host(self):
        self.assertEqual(self.client.get("/admin/login/").status_code, 200)
"""
PYTEST_TESTS = """
def test_the_host():
    assert True
"""
OF_PATHS_AND_LABELS = ["test_admin.py", "test_checks.py", "test_reports.py", "access/test_backends.py"]

# Turns the app's tests red if it reaches them.
CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def hosts_own(request):
    assert request.node.name == "test_the_host"
"""


class Host:
    def __init__(self, folder):
        self.folder = folder
        call_command("startproject", "fresh_project", folder)
        self.write("host/__init__.py", "")
        self.write("host/tests.py", DJANGO_TESTS)
        self.write("host/test_with_pytest.py", PYTEST_TESTS)
        self.write("conftest.py", CONFTEST)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)

    def copy_app(self, path, *, installed=True):
        folder = self.folder / path.replace(".", "/")
        shutil.copytree(ROOT / "apps" / "tokens", folder, ignore=shutil.ignore_patterns("__pycache__"))
        if installed:
            self.write("fresh_project/settings.py", MIDDLEWARE.replace("PATH", path))
        return folder

    def run(self, *args):
        result = subprocess.run(
            [sys.executable, *args], cwd=self.folder, env=make_environment(), capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


@pytest.mark.parametrize(("path", "label"), [("tokens", "tokens"), ("vendored.some.links", "links")])
def test_the_apps_tests_pass_by_their_own_command_at_any_path_and_under_any_label(host, path, label):
    folder = host.copy_app(path)
    for name in ("apps.py", "migrations/0001_initial.py"):
        file = folder / name
        file.write_text(
            file.read_text().replace('label = "tokens"', f'label = "{label}"').replace("tokens.req", f"{label}.req")
        )

    output = host.run("-m", f"{path}.tests", "-q", *OF_PATHS_AND_LABELS)

    assert re.search(r"^[1-9]\d* passed in", output, re.MULTILINE)


def test_pytest_in_the_host_runs_the_hosts_tests_alone(host):
    host.copy_app("vendored.links")
    host.write("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = fresh_project.settings")

    assert "1 passed in" in host.run("-m", "pytest", "-q")


def test_pytest_in_a_host_that_uses_it_without_django_runs_the_hosts_tests_alone(host):
    host.copy_app("tokens", installed=False)

    assert "1 passed in" in host.run("-m", "pytest", "-q", "-p", "no:django")


def test_manage_py_test_in_the_host_runs_the_hosts_tests_alone(host):
    host.copy_app("tokens")

    output = host.run("manage.py", "test")

    assert "Ran 1 test in" in output
    assert "OK" in output
