"""Every state of a token and every event in it; ``life`` says what that proves."""

import logging

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


@pytest.mark.proof
@pytest.mark.parametrize("kind", life.KINDS, ids=str)
def test_a_token_does_what_the_contract_says_in_every_state(kind, record_property):
    states, transitions, disagreements = life.explore(*kind)

    record_property("states of a token", states)
    record_property("transitions", transitions)
    record_property("disagreements with the contract", len(disagreements))
    assert disagreements == []
    assert transitions > 400
