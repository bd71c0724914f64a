"""
Hosts that bring other ideas of who signs in, what a view is, or a second app of links: `make test-hosts`.

tests/hosts/requirements.txt names what they need; without it they fail and are not skipped.
"""

import pytest

from tests.hosts.project import Project
from tests.hosts.test_readme_steps import FLOWS, assert_flows_work

pytestmark = pytest.mark.hosts


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    project.copy_folder("tokens")
    project.write_settings("tokens")
    return project


def add_settings(project, text):
    project.write("fresh_project/settings.py", text)


AXES = """
INSTALLED_APPS += ["axes"]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
MIDDLEWARE += ["axes.middleware.AxesMiddleware"]
"""
ALLAUTH = """
INSTALLED_APPS += ["django.contrib.sites", "allauth", "allauth.account"]
SITE_ID = 1
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"
]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
"""


@pytest.mark.parametrize("settings", [AXES, ALLAUTH], ids=["axes", "allauth"])
def test_all_modes_work_beside_other_backends(project, settings):
    add_settings(project, settings)

    assert_flows_work(project, "tokens", warnings=False)


NINJA = """
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import path
from ninja import NinjaAPI
from tokens.admission import admit, refuse
from tokens.exceptions import TokenError
from tokens.models import RequestToken

api = NinjaAPI()
api.add_exception_handler(TokenError, refuse)

@api.get("report")
def operation(request):
    with admit(request, scope="reports.download", required=True) as token:
        return {"user": request.user.username, **token.data}

urlpatterns = [path("api/", api.urls)]

def run():
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("hugo")
    token = RequestToken.objects.create_token("reports.download", login_mode="Request", user=user, data={"year": 2026})
    url = token.tokenise("/api/report")
    assert Client().get(url).json() == {"user": "hugo", "year": 2026}
    assert Client().get(url).status_code == 403
    assert Client().get("/api/report").status_code == 403
    print("works")
"""


def test_an_operation_of_django_ninja_admits_once(project):
    project.write("ninja_flows.py", NINJA)
    add_settings(project, "\nROOT_URLCONF = 'ninja_flows'\nALLOWED_HOSTS = ['testserver']\n")

    assert "works" in project.run("manage.py", "shell", "-c", "import ninja_flows; ninja_flows.run()")


ANCESTOR = """
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import path
from request_token.models import RequestToken as Ancestor
from tokens.models import RequestToken
from flows import urlpatterns

def run():
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", check_changes=True, dry_run=True)
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("hugo")
    create = Ancestor.objects.create_token
    once = create(scope="demo", login_mode="Request", user=user, data={"n": 1}, max_uses=1).tokenise("/view/")
    public = create(scope="demo", login_mode="None", max_uses=5).tokenise("/view/")
    session = create(scope="demo", login_mode="Session", user=user, max_uses=1).tokenise("/view/")
    assert Client().get(once).status_code == 403
    call_command("import_request_tokens")
    assert Client().get(once).content == b"hugo {'n': 1}"
    assert b"already been used" in Client().get(once).content
    assert [Client().get(public).status_code for _ in range(6)] == [200] * 5 + [403]
    assert Client().get(session).status_code == 403
    new = RequestToken.objects.create_token("demo", login_mode="Request", user=user)
    assert Client().get(new.tokenise("/view/")).content == b"hugo {}"
    assert user.request_tokens.count() == 2 and user.requesttoken_set.count() == 2
    print("works")
"""


def test_the_links_of_django_request_token_work_with_both_apps_installed(project):
    project.write("flows.py", FLOWS.replace("PATH", "tokens"))
    project.write("ancestor_flows.py", ANCESTOR)
    add_settings(
        project,
        "\nINSTALLED_APPS += ['request_token']\nROOT_URLCONF = 'ancestor_flows'\nALLOWED_HOSTS = ['testserver']\n"
        "REQUEST_TOKEN_ACCEPT_ANCESTOR_UNTIL = '2999-12-31'\n",
    )

    assert "works" in project.run("manage.py", "shell", "-c", "import ancestor_flows; ancestor_flows.run()")
