"""The app's README, taken at its word in projects of several kinds: every login mode works, and the tests pass."""

import pytest

from tests.hosts.project import Project

PEOPLE = """
import uuid
from django.contrib.auth.models import AbstractUser
from django.db import models

class Person(AbstractUser):
    KEY
"""

UUID_KEY = "id = models.UUIDField(primary_key=True, default=uuid.uuid4)"
NAME_KEY = "username = models.CharField(max_length=50, primary_key=True)"

OWN_TOKENS = """
from django.db import models

class RequestToken(models.Model):
    pass
"""

FLOWS = """
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from PATH.decorators import use_request_token
from PATH.models import RequestToken

@use_request_token(scope="demo", required=True)
def view(request):
    return HttpResponse(f"{request.user} {request.token.data}")

def who(request):
    return HttpResponse(str(request.user))

urlpatterns = [path("view/", view), path("who/", who)]

def run():
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check_changes=True, dry_run=True)
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user(username="hugo", email="hugo@example.com")
    create = RequestToken.objects.create_token
    client = Client()
    public = create(scope="demo", data={"n": 1}).tokenise("/view/")
    assert client.get(public).content == b"AnonymousUser {'n': 1}"
    assert b"already been used" in client.get(public).content
    once = create(scope="demo", login_mode=RequestToken.LOGIN_MODE_REQUEST, user=user).tokenise("/view/")
    assert client.get(once).content == b"hugo {}"
    assert client.get("/who/").content == b"AnonymousUser"
    login = create(scope="demo", login_mode=RequestToken.LOGIN_MODE_SESSION, user=user).tokenise("/view/")
    assert b"hugo" in client.get(login).content
    assert client.get("/who/").content == b"AnonymousUser"
    assert client.post(login).content == b"hugo {}"
    assert client.get("/who/").content == b"hugo"
    print("all flows work")
"""


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def add_people(project, key):
    """A user model of the project's own."""
    project.write("people/__init__.py", "")
    project.write("people/migrations/__init__.py", "")
    project.write("people/models.py", PEOPLE.replace("KEY", key))
    project.write("fresh_project/settings.py", "INSTALLED_APPS += ['people']\nAUTH_USER_MODEL = 'people.Person'\n")
    project.run("manage.py", "makemigrations", "people")


def carry_out_steps(project, path):
    project.copy_folder(path)
    project.run_step('python -m pip install "', path)
    project.write_settings(path)
    project.run_step("python manage.py migrate", path)
    project.run_step("python manage.py check", path, "--fail-level", "WARNING")
    project.run_step("python -m pip install -r", path)


def assert_flows_work(project, path, *, warnings=True):
    project.write("flows.py", FLOWS.replace("PATH", path))
    project.write("fresh_project/settings.py", "ROOT_URLCONF = 'flows'\nALLOWED_HOSTS = ['testserver']\n")
    run = ("manage.py", "shell", "-c", "import flows; flows.run()")
    assert "all flows work" in project.run("-W", "error" if warnings else "default", *run)


def assert_tests_pass(project, path, *picked):
    assert " passed in " in project.run_step("python -m apps.tokens.tests", path, *picked)


def test_the_steps_of_the_readme_lead_to_links_that_work(project):
    carry_out_steps(project, "tokens")

    assert_flows_work(project, "tokens")


def test_the_steps_work_deeper_down_with_another_user_model_naive_times_and_a_label_that_is_taken(project):
    path = "my_project.vendored.links"
    project.write("tokens/__init__.py", "")
    project.write("tokens/models.py", OWN_TOKENS)
    project.replace("fresh_project/settings.py", "USE_TZ = True", "USE_TZ = False")
    project.write("fresh_project/settings.py", "INSTALLED_APPS += ['tokens']\n")
    add_people(project, UUID_KEY)
    folder = project.copy_folder(path)
    project.replace(folder / "apps.py", 'label = "tokens"', 'label = "links"')

    project.write_settings(path)
    project.run_step("python manage.py migrate", path)

    assert_flows_work(project, path)


@pytest.mark.hosts
def test_a_copy_works_without_access_tokens(project):
    project.copy_folder("tokens")
    project.write_settings("tokens")

    project.run_step("rm -r", "tokens")

    assert not (project.folder / "tokens/access").exists()
    assert_flows_work(project, "tokens")
    assert_tests_pass(
        project, "tokens", "-q", "test_click.py", "test_commands.py", "test_explain.py", "test_log_filters.py"
    )


@pytest.mark.hosts
def test_a_copy_works_with_a_name_for_a_users_key(project):
    add_people(project, NAME_KEY)
    project.copy_folder("tokens")
    project.write_settings("tokens")

    assert_flows_work(project, "tokens")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("uses.py", "from . import", "from apps.tokens import", id="an absolute import"),
        pytest.param("apps.py", 'name = __name__.rpartition(".")[0]', 'name = "apps.tokens"', id="the app's own name"),
        pytest.param("links.py", "from .conf", "from apps.site import limits\nfrom .conf", id="the project's code"),
    ],
)
def test_a_copy_that_is_tied_to_this_project_does_not_start(project, file, old, new):
    """What the tests above must be able to find."""
    folder = project.copy_folder("tokens")
    project.replace(folder / file, old, new)
    project.write_settings("tokens")

    with pytest.raises(AssertionError, match="ModuleNotFoundError: No module named 'apps|Cannot import 'apps"):
        project.run("manage.py", "check")


@pytest.mark.hosts
@pytest.mark.parametrize("path", ["tokens", "my_project.vendored.links"])
def test_all_tests_of_a_copy_pass(project, path):
    carry_out_steps(project, path)

    assert_tests_pass(project, path, "-q", "-n", "2")
