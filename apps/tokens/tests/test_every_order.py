"""
The orders of every_order.py, judged by the laws of clicks.py.

One mode and two visitors in the default run. All of it, with three visitors, takes some minutes:
``-m "proof or not proof"``.
"""

from collections import Counter

import pytest

from ..models import RequestToken
from . import clicks
from .clicks import CASES, REQUEST, Answer, Case, Click, cases_of, explore
from .every_order import every_order, pause, play

SHORT_CASES = cases_of(REQUEST)
SLOW_CASES = [pytest.param(case, marks=pytest.mark.proof) for case in CASES if case not in SHORT_CASES]


@pytest.mark.parametrize("case", [*SHORT_CASES, *SLOW_CASES], ids=str)
def test_the_laws_hold_in_every_order(case, memory, record_property):
    orders = list(explore(case))

    wrong = [f"{played.order}: {', '.join(broken)}\n{played}" for played, broken in orders if broken]
    record_property("orders explored", len(orders))
    record_property("orders wrong", len(wrong))
    assert len(orders) > 1
    assert not wrong, wrong[0]


# That the laws can be broken, and that no order is left out


class Careless(Click):
    """A site that reads, compares and saves."""

    def by(self, scene):
        def click():
            token = RequestToken.objects.get(pk=scene.token.pk)
            if token.used_to_date >= token.max_uses:
                return Answer(403, "used_up", "")
            token.used_to_date += 1
            token.save(update_fields=["used_to_date"])
            return Answer(200, "", "")

        return click


def test_a_site_that_reads_compares_and_saves_is_found_wrong(memory, monkeypatch):
    monkeypatch.setitem(clicks.ACTORS, "careless", Careless())

    won_twice = {
        played.order
        for played, broken in explore(Case(REQUEST, 1, ("careless", "careless")))
        if "no_more_views_act_than_allowed" in broken
    }

    assert won_twice == {"abab", "abba"}


def test_a_site_that_answers_500_is_found_wrong(memory, monkeypatch):
    monkeypatch.setitem(clicks.ACTORS, "broken", Click("/raises/"))

    found = Counter(law for _, broken in explore(Case(REQUEST, None, ("broken", "revoke"))) for law in broken)

    assert found["only_views_that_raise_answer_500"] > 0


def test_every_order_is_explored_once(memory):
    def thrice():
        for number in "123":
            pause(number)

    orders = [
        played.order for played in every_order([thrice, lambda: thrice(), lambda: pause("once")], put_back=lambda: None)
    ]

    assert len(orders) == len(set(orders)) == 140  # 7! / (3! 3! 1!)


def test_an_order_can_be_played_again(memory):
    scene = clicks.Scene(REQUEST, 1)
    visitors = clicks.visitors_of(Case(REQUEST, 1, ("click", "raise")), scene)
    first = list(every_order(visitors, scene.put_back))[7]

    again = play(visitors, first.order)

    assert (again.order, again.answers) == (first.order, first.answers)


def test_the_database_is_put_back_after_each_order(memory):
    scene = clicks.Scene(REQUEST, 1)
    before = scene.state()

    for _ in every_order(clicks.visitors_of(Case(REQUEST, 1, ("click", "delete the user")), scene), scene.put_back):
        pass

    assert scene.state() == before
