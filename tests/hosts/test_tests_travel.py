"""The app's tests in a project that has tests of its own: started by their own command, and by no other."""

import pytest

from tests.hosts.project import Project

pytestmark = pytest.mark.hosts

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
# Turns the app's tests red if it reaches them.
CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def hosts_own(request):
    assert request.node.name == "test_the_host"
"""


@pytest.fixture
def host(tmp_path):
    project = Project(tmp_path)
    project.write("host/__init__.py", "")
    project.write("host/tests.py", DJANGO_TESTS)
    project.write("host/test_with_pytest.py", PYTEST_TESTS)
    project.write("conftest.py", CONFTEST)
    return project


def test_pytest_in_the_host_runs_the_hosts_tests_alone(host):
    host.copy_folder("vendored.links")
    host.write_settings("vendored.links")
    host.write("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = fresh_project.settings")

    assert "1 passed in" in host.run("-m", "pytest", "-q")


def test_pytest_in_a_host_that_uses_it_without_django_runs_the_hosts_tests_alone(host):
    host.copy_folder("tokens")

    assert "1 passed in" in host.run("-m", "pytest", "-q", "-p", "no:django")


def test_manage_py_test_in_the_host_runs_the_hosts_tests_alone(host):
    host.copy_folder("tokens")
    host.write_settings("tokens")
    host.write("pytest.py", "raise ImportError('This host has no pytest.')")

    output = host.run("manage.py", "test")

    assert "Ran 1 test in" in output
    assert "OK" in output
