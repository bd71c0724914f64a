"""Every flow of the demo is walked at LOG_LEVEL=DEBUG, and everything written meanwhile is searched."""

import io
import logging
import re
from urllib.parse import parse_qs, quote, urlsplit

import django
import pytest
from django.core import mail
from django.test import override_settings
from django.urls import path, reverse
from django.utils.log import AdminEmailHandler

from apps.demo import cards, seed
from config.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401

pytestmark = pytest.mark.django_db


def fail_with_the_link(request):
    raise RuntimeError(f"could not open {request.build_absolute_uri()}")


urlpatterns = [*urlpatterns, path("fails/", fail_with_the_link)]


@pytest.fixture
def written(settings):
    """What the site's own handler has written, and the error reports to ADMINS, by a call."""
    settings.DEBUG = True
    settings.ADMINS = ["admin@example.com"] if django.VERSION >= (6, 0) else [("Admin", "admin@example.com")]
    root, reports = logging.getLogger(), AdminEmailHandler(include_html=True)
    reports.setLevel(logging.ERROR)
    [console] = [handler for handler in root.handlers if type(handler) is logging.StreamHandler]
    # Those that LOG_LEVEL sets.
    loggers = [root, logging.getLogger("django")]
    levels = [(logger, logger.level) for logger in loggers]
    stream = console.setStream(io.StringIO())
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger("django.request").addHandler(reports)
    try:
        yield (
            lambda: (
                console.stream.getvalue()
                + "".join(str(email.message()) for email in mail.outbox if email.to == ["admin@example.com"])
            )
        )
    finally:
        logging.getLogger("django.request").removeHandler(reports)
        console.setStream(stream)
        for logger, level in levels:
            logger.setLevel(level)


@override_settings(ROOT_URLCONF=__name__)
def test_no_flow_writes_a_token_that_was_ever_issued(client, written, django_capture_on_commit_callbacks):
    client.raise_request_exception = False
    seed.seed()
    links = []

    for flow in cards.FLOWS:
        link = client.post(reverse("demo:start", args=[flow.slug])).url
        links.append(link)
        visit(client, link)
        client.logout()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("accounts:login"), {"email": seed.READER})
    links += [link for email in mail.outbox for link in re.findall(r"https://\S+[?]rt=\S+", str(email.body))]
    visit(client, links[-1])

    text = written()
    assert "RuntimeError" in text
    assert text.count("refused reason=") >= len(cards.FLOWS)
    assert [link for link in links if signature(link) in text] == []
    assert len(links) >= len(cards.FLOWS) + 1


def visit(client, link):
    """As it was sent, again, broken in several ways, and where the site fails with it."""
    query = urlsplit(link).query
    for _ in range(2):
        client.get(link)
        client.post(link)
    client.get(f"{link}x")
    client.get(f"/?{query}")
    client.get(f"/nowhere/?{query}")
    client.get(f"{reverse('accounts:login')}?next={quote(link)}")
    client.get(f"/fails/?{query.replace('rt=', 'other=').replace('at=', 'other=')}")


def signature(link):
    """What makes the token of this link genuine."""
    [[token]] = parse_qs(urlsplit(link).query).values()
    return re.split(r"[.:]", token)[-1]
