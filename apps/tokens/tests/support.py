"""What several test modules share. It travels with them: nothing here comes from outside this folder and the app."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.utils.timezone import now

from ..models import RequestToken

# Where this copy lies, and what it is called here.
APP = __package__.rpartition(".")[0]
LABEL = RequestToken._meta.app_label

PAST, FUTURE = now() - timedelta(hours=1), now() + timedelta(hours=1)


def refusal(response):
    """Why a link was refused: the code that its page was given."""
    assert response.status_code == 403
    return response.context["error"].code


def run(command, *args):
    """What a management command has written."""
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()
