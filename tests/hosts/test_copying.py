"""The app copied into fresh projects: two places, three kinds of user model, every login mode."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.tokens import apps as its_apps

PERSON = """
import uuid
from django.contrib.auth.models import AbstractUser
from django.db import models

class Person(AbstractUser):
    KEY
"""

KEYS = {
    "an integer key": None,
    "a UUID for a key": "id = models.UUIDField(primary_key=True, default=uuid.uuid4)",
    "a name for a key": "username = models.CharField(max_length=50, primary_key=True)",
}

SETTINGS = """
INSTALLED_APPS += ["people", "PATH"]
MIDDLEWARE.insert(MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1,
                  "PATH.middleware.RequestTokenMiddleware")
AUTH_USER_MODEL = "THE_USER"
ROOT_URLCONF = "flows"
ALLOWED_HOSTS = ["testserver"]
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
    # No name that the project may have in which these tests run.
    call_command("startproject", "fresh_project", tmp_path)
    return Project(tmp_path)


class Project:
    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *args):
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "REQUEST_"))}
        result = subprocess.run(
            [sys.executable, "-W", "error", *args], cwd=self.folder, env=environ, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def write(self, name, text):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / name).open("a") as file:
            file.write(text)


def copy_app(project, path, user_model="auth.User"):
    """The app at this dotted path of the project, with the settings that its README names and one view."""
    folder = project.folder / path.replace(".", "/")
    shutil.copytree(Path(its_apps.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    project.write("people/__init__.py", "")
    project.write("people/migrations/__init__.py", "")
    project.write("fresh_project/settings.py", SETTINGS.replace("PATH", path).replace("THE_USER", user_model))
    project.write("flows.py", FLOWS.replace("PATH", path))
    return folder


def test_a_copy_works_without_access_tokens(project):
    folder = copy_app(project, "tokens")

    shutil.rmtree(folder / "access")
    (folder / "templatetags" / "access_token.py").unlink()

    assert "all flows work" in project("manage.py", "shell", "-c", "import flows; flows.run()")


@pytest.mark.parametrize(
    ("path", "key"),
    [("tokens", "an integer key"), ("my_project.vendored.links", "a UUID for a key"), ("tokens", "a name for a key")],
)
def test_a_copy_works_at_any_path_with_any_user_model(project, path, key):
    copy_app(project, path, "people.Person" if KEYS[key] else "auth.User")
    project.write("people/models.py", PERSON.replace("KEY", KEYS[key]) if KEYS[key] else "")

    project("manage.py", "makemigrations", "people")

    assert "all flows work" in project("manage.py", "shell", "-c", "import flows; flows.run()")
