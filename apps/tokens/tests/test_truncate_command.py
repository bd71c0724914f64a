from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from ..models import RequestToken, RequestTokenLog


@pytest.fixture
def rows(make_token):
    """Five rows, 0 to 4 days old."""
    token = make_token()
    return [
        token.logs.create(reason="admitted", method="GET", timestamp=now() - timedelta(days=days, hours=1))
        for days in (4, 3, 2, 1, 0)
    ]


def truncate(*args):
    out = StringIO()
    call_command("truncate_request_token_log", *args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("args", "left"),
    [
        (["--max-count=2"], 2),
        (["--max-count=0"], 0),
        (["--max-count=9"], 5),
        (["--max-days=2"], 2),
        (["--max-days=3", "--max-count=1"], 1),
    ],
    ids=str,
)
def test_the_newest_rows_are_kept(rows, args, left):
    assert f"{left} are left" in truncate(*args)
    assert list(RequestTokenLog.objects.order_by("-id")) == rows[::-1][:left]
    assert RequestToken.objects.count() == 1


@pytest.mark.parametrize(
    "args", [[], ["--max-count=-1"], ["--max-days=-1"], ["--max-days=1000000"], [f"--max-count={2**63}"]], ids=str
)
def test_without_a_sensible_limit_nothing_is_deleted(rows, args):
    with pytest.raises(CommandError):
        truncate(*args)

    assert RequestTokenLog.objects.count() == 5
