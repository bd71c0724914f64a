"""Error reports for ADMINS and the page of DEBUG, searched for the link that led there."""

import django
import pytest
from django.core import mail
from django.utils.log import AdminEmailHandler

from .support import APP

REPORTERS = {
    "DEFAULT_EXCEPTION_REPORTER": f"{APP}.reports.TokenlessReporter",
    "DEFAULT_EXCEPTION_REPORTER_FILTER": f"{APP}.reports.TokenlessReporterFilter",
}


@pytest.fixture(autouse=True)
def reporters(settings):
    for name, value in REPORTERS.items():
        setattr(settings, name, value)


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_page_that_debug_shows_has_no_token_in_it(crashing_client, request_token, settings, method):
    settings.DEBUG = True
    jwt = request_token.jwt()

    page = getattr(crashing_client, method)(f"/raises/?rt={jwt}").text

    assert "RuntimeError" in page
    assert jwt.rpartition(".")[2] not in page


def test_an_email_to_admins_has_no_token_in_it(crashing_client, request_token, settings, caplog):
    # Pairs with a name are deprecated since 6.0, and all that 5.2 knows.
    settings.ADMINS = ["admin@example.com"] if django.VERSION >= (6, 0) else [("Admin", "admin@example.com")]
    jwt = request_token.jwt()
    crashing_client.get(f"/raises/?rt={jwt}")
    [record] = [record for record in caplog.records if record.exc_info]

    # What this project's LOGGING has sent is another matter.
    mail.outbox.clear()

    AdminEmailHandler(include_html=True).emit(record)

    [email] = mail.outbox
    sent = email.subject + email.body + "".join(content for content, _ in email.alternatives)
    assert "RuntimeError" in sent
    assert jwt.rpartition(".")[2] not in sent
