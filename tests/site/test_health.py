"""What a probe sees that knows nothing of the site but an IP address, in production, under both kinds of server."""

import json
import os
import re
from collections import namedtuple

import pytest

from tests.support.project import PRODUCTION

Answer = namedtuple("Answer", "status headers text")

# Without a server of its own for the test. Nothing listens on port 1.
ALL_WELL = {"DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "locmemcache://"}
NO_DATABASE = {**ALL_WELL, "DATABASE_URL": f"sqlite:///{os.devnull}/db.sqlite3"}
NO_CACHE = {**ALL_WELL, "CACHE_URL": "redis://:hunter2@127.0.0.1:1/0"}


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request, run_python):
    """Answers by path, and what was logged meanwhile."""

    def ask(**variables):
        # collectstatic has not run, which WhiteNoise warns of.
        command = ("-W", "ignore::UserWarning", "-m", "tests.site.outside", "/up/", "/up/ready/", "/")
        result = run_python(*command, **{**PRODUCTION, **variables})
        assert result.returncode == 0, result.stderr
        answers = json.loads(result.stdout)[request.param]
        return {path: Answer(*answer) for path, answer in answers.items()}, result.stderr

    return ask


def test_a_probe_over_http_with_an_ip_address_for_a_host_is_answered(ask):
    answers, _ = ask(**ALL_WELL)

    assert answers["/up/"].status == 200
    assert answers["/up/ready/"].status == 200
    assert answers["/"].status == 400


def test_an_answer_for_a_probe_sets_no_cookie_and_is_not_kept(ask):
    answers, _ = ask(**ALL_WELL)

    assert "set-cookie" not in answers["/up/ready/"].headers
    assert answers["/up/ready/"].headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("variables", "name"), [(NO_DATABASE, "database"), (NO_CACHE, "cache")])
def test_a_site_without_one_of_its_services_is_up_and_not_ready(ask, variables, name):
    answers, log = ask(**variables)

    assert answers["/up/"].status == 200
    assert (answers["/up/ready/"].status, answers["/up/ready/"].text) == (503, f"away: {name}\n")
    assert re.search(rf"ERROR apps.site.health not ready service={name} error=\w+Error$", log, re.MULTILINE)
    assert "hunter2" not in log
