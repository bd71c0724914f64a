"""
Hosts that bring other ideas of who signs in, what a view is, or a second app of links: `make test-hosts`.

tests/hosts/requirements.txt names what they need; without it they fail and are not skipped.
"""

import re

import pytest

from tests.hosts.project import README, Project
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


AXES_WITH_ALLAUTH = """
INSTALLED_APPS += ["axes", "django.contrib.sites", "allauth", "allauth.account"]
SITE_ID = 1
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware", "axes.middleware.AxesMiddleware"]
"""


def test_all_modes_work_beside_the_backends_of_axes_and_allauth(project):
    add_settings(project, AXES_WITH_ALLAUTH)

    assert_flows_work(project, "tokens", warnings=False)


FRAMEWORKS = """
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import path
from ninja import NinjaAPI
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.response import Response
from tokens.admission import admit, refuse
from tokens.decorators import use_request_token
from tokens.exceptions import TokenError
from tokens.models import RequestToken

api = NinjaAPI()
api.add_exception_handler(TokenError, refuse)

@api.get("report")
def operation(request):
    with admit(request, scope="reports.download", required=True) as token:
        return {"user": request.user.username, **token.data}

RECIPE

@use_request_token(scope="reports.download", required=True)
@api_view(["GET"])
@authentication_classes([RequestTokenAuthentication])
def view(request):
    return Response({"user": request.user.username, **request.auth.data})

urlpatterns = [path("api/", api.urls), path("rest/report", view)]

def run():
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("hugo")
    token = RequestToken.objects.create_token("reports.download", login_mode="Request", user=user, data={"year": 2026})
    url = token.tokenise("ADDRESS")
    assert Client().get(url, headers={"Accept": "application/json"}).json() == {"user": "hugo", "year": 2026}
    assert Client().get(url).status_code == 403
    assert Client().get("ADDRESS").status_code == 403
    print("works")
"""


@pytest.mark.parametrize("address", ["/api/report", "/rest/report"], ids=["Django Ninja", "Django REST framework"])
def test_an_operation_admits_once_where_two_frameworks_live_together(project, address):
    [recipe] = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "BaseAuth" in block]
    project.write("flows.py", FRAMEWORKS.replace("RECIPE", recipe).replace("ADDRESS", address))
    add_settings(
        project,
        "\nINSTALLED_APPS += ['rest_framework']\nROOT_URLCONF = 'flows'\nALLOWED_HOSTS = ['testserver']\n",
    )

    assert "works" in project.run("manage.py", "shell", "-c", "import flows; flows.run()")


WAGTAIL = """
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.models import Page, Site
from flows import urlpatterns
from pages.models import ReportPage
from tokens.models import RequestToken

urlpatterns = [*urlpatterns, path("", include(wagtail_urls))]

def run():
    root = Page.objects.get(depth=1)
    page = root.add_child(instance=ReportPage(title="Report", slug="report"))
    Site.objects.update_or_create(is_default_site=True, defaults={"root_page": root, "hostname": "testserver"})
    user = User.objects.create_user("wanda")
    link = RequestToken.objects.create_token("report", login_mode="Request", user=user).tokenise(page.url)
    assert Client().get(link).content == b"wanda"
    assert b"already been used" in Client().get(link).content
    assert Client().get(page.url).status_code == 403
    print("works")
"""
WAGTAIL_PAGES = """
from django.http import HttpResponse
from tokens.admission import admit
from wagtail.models import Page

class ReportPage(Page):
    def serve(self, request):
        with admit(request, scope="report", required=True):
            return HttpResponse(str(request.user))
"""
WAGTAIL_SETTINGS = """
INSTALLED_APPS += [
    "pages", "wagtail.contrib.redirects", "wagtail.users", "wagtail.images", "wagtail.documents", "wagtail.search",
    "wagtail.admin", "wagtail", "modelcluster", "taggit", "modelsearch",
]
MIDDLEWARE += ["wagtail.contrib.redirects.middleware.RedirectMiddleware"]
WAGTAIL_SITE_NAME = "Host"
WAGTAILADMIN_BASE_URL = "https://example.com"
"""


def test_all_modes_work_beside_wagtail_and_a_page_of_it_admits_once(project):
    project.write("pages/__init__.py", "")
    project.write("pages/migrations/__init__.py", "")
    project.write("pages/models.py", WAGTAIL_PAGES)
    add_settings(project, WAGTAIL_SETTINGS)
    project.run("manage.py", "makemigrations", "pages")
    assert_flows_work(project, "tokens", warnings=False)

    project.write("wagtail_flows.py", WAGTAIL)
    add_settings(project, "ROOT_URLCONF = 'wagtail_flows'\n")

    assert "works" in project.run("manage.py", "shell", "-c", "import wagtail_flows; wagtail_flows.run()")


ASYNC = """
import asyncio
from asgiref.sync import markcoroutinefunction
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import path
from tokens.decorators import use_request_token
from tokens.models import RequestToken

class AsyncOnly:
    sync_capable, async_capable = False, True

    def __init__(self, get_response):
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request):
        return await self.get_response(request)

@use_request_token(scope="demo", required=True)
async def view(request):
    return HttpResponse(f"{await request.auser()} {request.token.data}")

async def who(request):
    return HttpResponse(str(await request.auser()))

urlpatterns = [path("view/", view), path("who/", who)]

async def flows(once, twice, session):
    client = AsyncClient()
    assert (await client.get(once)).content == b"hugo {'n': 1}"
    assert b"already been used" in (await client.get(once)).content
    together = await asyncio.gather(*(AsyncClient().get(twice) for _ in range(5)))
    assert sorted(response.status_code for response in together) == [200, 200, 403, 403, 403]
    assert (await client.get("/who/")).content == b"AnonymousUser"
    assert b"hugo" in (await client.get(session)).content
    assert (await client.get("/who/")).content == b"AnonymousUser"
    assert (await client.post(session)).content == b"hugo {}"
    assert (await client.get("/who/")).content == b"hugo"

def run():
    call_command("check", fail_level="WARNING")
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("hugo")
    create = RequestToken.objects.create_token
    once = create("demo", login_mode="Request", user=user, data={"n": 1}).tokenise("/view/")
    twice = create("demo", login_mode="Request", user=user, max_uses=2).tokenise("/view/")
    session = create("demo", login_mode="Session", user=user).tokenise("/view/")
    asyncio.run(flows(once, twice, session))
    print("works")
"""


def test_all_modes_work_where_everything_is_async(project):
    project.write("async_flows.py", ASYNC)
    add_settings(
        project,
        "\nMIDDLEWARE.insert(0, 'async_flows.AsyncOnly')\nMIDDLEWARE.append('async_flows.AsyncOnly')\n"
        "ROOT_URLCONF = 'async_flows'\nALLOWED_HOSTS = ['testserver']\n",
    )

    assert "works" in project.run("-W", "error", "manage.py", "shell", "-c", "import async_flows; async_flows.run()")


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
