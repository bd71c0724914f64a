"""Every scenario of the laboratory, on the database of the tests; accounts has tests of its own for each behavior."""

import pytest

from apps.demo import laboratory
from apps.demo.scenarios import ELSEWHERE, SCENARIOS
from tests.support.project import ROOT


@pytest.mark.django_db(transaction=True)
@pytest.mark.databases
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.slug)
def test_it_ends_as_it_must(scenario, settings):
    settings.DEBUG = True

    run = laboratory.run(scenario, "http://testserver")

    assert [(moment.given, moment.wanted) for moment in run.moments if not moment.is_as_it_must_be] == []
    assert [claim.text for claim in run.claims if not claim.is_true] == []
    assert len(run.claims) == 4


def test_what_a_press_cannot_show_has_a_test_that_exists():
    texts = {each.file: (ROOT / each.file).read_text(encoding="utf-8") for each in ELSEWHERE}

    missing = [each for each in ELSEWHERE if f"\ndef {each.test}(" not in texts[each.file]]

    assert missing == []
