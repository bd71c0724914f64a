import re
import sys
import types

import pytest
from django.contrib.auth import get_user_model
from django.urls import path

from config.urls import urlpatterns
from tests.factories import UserFactory
from tests.support.project import ROOT
from tests.support.refusals import reason

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def examples(settings):
    """The Python blocks of "The three modes", run one after the other as they stand, with a URL for each view."""
    section = README.split("## The three modes")[1].split("\n## ")[0]
    module = types.ModuleType("readme_examples")
    module.Issue = get_user_model()
    exec("\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL)), vars(module))
    draft = path("drafts/<int:pk>/", module.draft)
    views = [path(f"{name}/", getattr(module, name)) for name in ("subscribe", "unsubscribe", "welcome")]
    module.urlpatterns = [draft, *views, *urlpatterns]
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def user(db):
    return UserFactory(email="reader@example.com")


def test_the_public_link_of_the_readme_brings_its_payload(client, db, examples):
    assert client.get(examples.invitation_link()).text == "Invited by a friend"
    assert client.get("/subscribe/").text == "Invited by nobody"


def test_the_single_request_of_the_readme_acts_on_the_button(client, user, examples):
    link = examples.unsubscribe_link(user)

    assert "<form" in client.get(link).text
    assert client.post(link).text == "reader@example.com gets no more email"


def test_the_magic_link_of_the_readme_signs_in_once(client, user, examples):
    link = examples.sign_in_link(user)

    assert client.post(link).text == "Welcome, reader@example.com"
    assert reason(client.post(link)) == "used_up"


def test_the_access_token_of_the_readme_opens_one_draft(client, db, examples):
    shared, other = UserFactory(), UserFactory()
    link = examples.share_link(shared)

    assert client.get(link).text == f"Draft {shared.pk}"
    assert reason(client.get(link.replace(f"/drafts/{shared.pk}/", f"/drafts/{other.pk}/"))) == "invalid"


def test_the_readme_fits_in_250_lines():
    assert len(README.splitlines()) <= 250
