"""
A host with a schema of PostgreSQL for every tenant, in each of which there is a user 1: `make test-databases`.

TEST_DATABASE_URL names the server; tests/hosts/requirements.txt what is needed.
"""

import os

import pytest

from tests.hosts.project import Project
from tests.hosts.test_readme_steps import FLOWS

pytestmark = pytest.mark.tenants

SETTINGS = """
import environ
from django.db import connection

DATABASES = {"default": environ.Env.db_url_config("DATABASE_URL")}
DATABASES["default"].update(ENGINE="django_tenants.postgresql_backend", NAME="latchkey_tenants")
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SHARED_APPS = ["django_tenants", "customers", "django.contrib.contenttypes", "django.contrib.messages"]
TENANT_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "tokens"]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
MIDDLEWARE.insert(0, "django_tenants.middleware.main.TenantMainMiddleware")
TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Client", "customers.Domain"
REQUEST_TOKEN_REALM = lambda: connection.schema_name
ROOT_URLCONF = "tenants"
ALLOWED_HOSTS = ["*"]
"""
CUSTOMERS = """
from django_tenants.models import DomainMixin, TenantMixin

class Client(TenantMixin):
    auto_create_schema = True

class Domain(DomainMixin):
    pass
"""
TENANTS = """
from customers.models import Client as Customer, Domain
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django_tenants.utils import schema_context
from tokens.models import RequestToken
from flows import urlpatterns

def make_links(name):
    tenant = Customer.objects.create(schema_name=name)
    Domain.objects.create(domain=f"{name}.example", tenant=tenant, is_primary=True)
    with schema_context(name):
        user = User.objects.create_user(f"{name}s-user")
        modes = {"None": None, "Request": user, "Session": user}
        create = RequestToken.objects.create_token
        return [create("demo", login_mode=mode, user=user).tokenise("/view/") for mode, user in modes.items()]

def statuses(links, name):
    client = Client(headers={"Host": f"{name}.example"})
    public, once, session = links
    return [client.get(public).status_code, client.get(once).status_code, client.post(session).status_code]

def run():
    call_command("migrate_schemas", shared=True, verbosity=0)
    links = {name: make_links(name) for name in ("one", "two")}
    assert statuses(links["one"], "two") == [403, 403, 403]
    client = Client(headers={"Host": "one.example"})
    public, once, session = links["one"]
    assert client.get(public).status_code == 200
    assert client.get(once).content == b"ones-user {}"
    assert client.post(session).content == b"ones-user {}"
    assert client.get("/who/").content == b"ones-user"
    assert statuses(links["two"], "two") == [200, 200, 200]
    print("works")
"""


@pytest.fixture
def database():
    """An empty one, for as long as the test runs."""
    import psycopg

    with psycopg.connect(os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/postgres", autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS latchkey_tenants")
        server.execute("CREATE DATABASE latchkey_tenants")
        yield
        server.execute("DROP DATABASE latchkey_tenants")


def test_every_mode_works_for_its_tenant_and_counts_as_forged_for_another(database, tmp_path):
    project = Project(tmp_path)
    project.copy_folder("tokens")
    project.write_settings("tokens")
    settings = SETTINGS.replace("DATABASE_URL", os.environ["TEST_DATABASE_URL"])
    project.write("fresh_project/settings.py", settings)
    project.write("customers/__init__.py", "")
    project.write("customers/migrations/__init__.py", "")
    project.write("customers/models.py", CUSTOMERS)
    project.write("flows.py", FLOWS.replace("PATH", "tokens"))
    project.write("tenants.py", TENANTS)
    project.run("manage.py", "makemigrations", "customers")

    assert "works" in project.run("manage.py", "shell", "-c", "import tenants; tenants.run()")
