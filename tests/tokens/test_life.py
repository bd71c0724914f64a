"""Every state of a token, every event in it: ``life`` says what that proves."""

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
    lives = life.explore(life.SESSION, 1, depth=3)

    assert lives.disagreements == []
    assert lives.transitions > 1000


@pytest.mark.slow
def test_every_kind_of_token_does_what_the_contract_says_in_every_state(capsys):
    states, transitions, disagreements = map(sum_of, zip(*(life.explore(*kind) for kind in life.KINDS), strict=True))

    with capsys.disabled():
        sys.stdout.write(f"\n{states} states, {transitions} transitions, {len(disagreements)} disagreements\n")
    assert disagreements == []
    assert transitions >= 5000


def sum_of(values):
    first, *others = values
    return sum(others, first)
