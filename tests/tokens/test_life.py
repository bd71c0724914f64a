"""Every state of a token and every event in it; ``life`` says what that proves."""

import logging
import sys

import pytest

from . import life

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_log_lines():
    # Thousands of refusals: their lines would take a fifth of the time.
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def test_a_sign_in_link_does_what_the_contract_says_in_every_history_of_three_events():
    _, transitions, disagreements = life.explore(life.SESSION, 1, depth=3)

    assert disagreements == []
    assert transitions > 1000


@pytest.mark.slow
def test_every_token_does_what_the_contract_says_in_every_state(capsys):
    states, transitions, disagreements = zip(*(life.explore(*kind) for kind in life.KINDS), strict=True)

    with capsys.disabled():
        figures = f"{sum(states)} states, {sum(transitions)} transitions, {sum(map(len, disagreements))} disagreements"
        sys.stdout.write(f"\n{figures}\n")
    assert sum(disagreements, []) == []
    assert sum(transitions) >= 5000
