import re
import socket
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.demo import seed
from apps.newsletter.models import Invitation, Issue, Subscription
from tests.support.ports import find_free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_machine(settings, monkeypatch):
    settings.DEBUG = True
    monkeypatch.delenv("RUN_MAIN", raising=False)
    # Set and taken away again, so that what the command exports is taken back too.
    monkeypatch.setenv("SITE_URL", "")


@pytest.fixture
def served(monkeypatch):
    """What the server was started with, instead of a server."""
    calls = []

    def call(name, *args, **options):
        if name == "runserver":
            calls.append(args)
        else:
            call_command(name, *args, **options)

    monkeypatch.setattr("apps.demo.management.commands.demo.call_command", call)
    return calls


def run(capsys, *args):
    """The links it prints, by mode."""
    call_command("demo", *args)
    return dict(re.findall(r"^([A-Z]+) .* (http://\S+)$", capsys.readouterr().out, re.MULTILINE))


def test_the_demo_prints_three_links_that_work(client, capsys):
    links = run(capsys, "--no-server")

    assert list(links) == ["NONE", "REQUEST", "SESSION"]
    assert [client.get(path_of(link)).status_code for link in links.values()] == [200, 200, 200]


def test_a_second_run_of_the_demo_adds_nothing_and_prints_links_that_work(client, capsys):
    run(capsys, "--no-server")
    before = counts()

    links = run(capsys, "--no-server")

    assert counts() == before
    assert [client.get(path_of(link)).status_code for link in links.values()] == [200, 200, 200]


def test_a_sign_in_link_that_was_used_is_replaced_by_the_next_run(client, capsys):
    client.post(path_of(run(capsys, "--no-server")["SESSION"]))
    client.logout()

    answer = client.get(path_of(run(capsys, "--no-server")["SESSION"]))

    assert answer.status_code == 200


def test_the_demo_keeps_what_somebody_wrote(capsys):
    run(capsys, "--no-server")
    Issue.objects.filter(slug="what-a-link-may-do").update(title="My title")

    run(capsys, "--no-server")

    assert Issue.objects.get(slug="what-a-link-may-do").title == "My title"


def test_the_demo_publishes_three_issues_and_keeps_one_draft(capsys):
    run(capsys, "--no-server")

    assert Issue.objects.published().count() == 3
    assert Issue.objects.filter(published_at=None).count() == 1


def test_nobody_in_the_demo_has_a_password(capsys):
    run(capsys, "--no-server")

    assert not [user for user in User.objects.all() if user.has_usable_password()]
    assert User.objects.get(email=seed.EDITOR).is_superuser


def test_the_demo_refuses_without_debug(settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG=true"):
        call_command("demo", "--no-server")

    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("addrport", "site"),
    [
        ("8001", "http://127.0.0.1:8001"),
        ("0.0.0.0:8001", "http://127.0.0.1:8001"),
        ("localhost:8001", "http://localhost:8001"),
        ("[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_the_links_carry_the_port_that_is_served(capsys, addrport, site):
    links = run(capsys, addrport, "--no-server")

    assert {f"{urlsplit(link).scheme}://{urlsplit(link).netloc}" for link in links.values()} == {site}


def test_a_site_url_that_was_set_is_kept(settings, capsys, monkeypatch):
    monkeypatch.setenv("SITE_URL", "http://demo.example")
    settings.SITE_URL = "http://demo.example"

    links = run(capsys, "8001", "--no-server")

    assert {urlsplit(link).netloc for link in links.values()} == {"demo.example"}


@pytest.mark.parametrize("addrport", ["x", "0", "65536", "99999999", "host:", ":8000", "a b:80"])
def test_the_demo_refuses_what_is_not_a_port(addrport):
    with pytest.raises(CommandError, match="Try: manage.py demo 8001"):
        call_command("demo", addrport, "--no-server")


def test_a_port_in_use_is_said_before_anything_happens(served):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is in use"):
            call_command("demo", str(port))

    assert served == []
    assert not User.objects.exists()


def test_the_demo_serves_where_it_was_told_to(served, capsys):
    port = str(find_free_port())

    run(capsys, port)

    assert served == [(port,)]


def test_the_child_of_the_autoreloader_only_serves(served, capsys, monkeypatch):
    monkeypatch.setenv("RUN_MAIN", "true")

    links = run(capsys, "8001")

    assert served == [("8001",)]
    assert links == {}
    assert not User.objects.exists()


def counts():
    return [model.objects.count() for model in (User, Issue, Subscription, Invitation)]


def path_of(link):
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"
