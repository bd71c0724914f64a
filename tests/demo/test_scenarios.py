"""Every scenario of the laboratory, on the database of the tests; and that a press leaves nothing behind."""

import pytest

from apps.demo import laboratory
from apps.demo.scenarios import SCENARIOS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

ORIGIN = "http://testserver"


@pytest.fixture(autouse=True)
def debug(settings):
    settings.DEBUG = True


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.slug)
def test_it_ends_as_it_must(scenario):
    run = laboratory.run(scenario, ORIGIN)

    assert [(moment.counted, moment.step.answers) for moment in run.moments if not moment.is_as_it_must_be] == []
    assert [claim.text for claim in run.claims if not claim.is_true] == []
