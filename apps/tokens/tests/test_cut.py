"""What cut.py finds. Its first lines say what this proves and what it does not."""

import logging

import pytest
from django.db import connection

from . import cut
from .cut import AFTER, BEFORE, COMES_BACK, NONE, REQUEST, SESSION, STAYS_AWAY, Scene, every_cut, table
from .wire import Wire
from .worker import ANSWER, every_kill

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]

# Where a database that stays away, or a process that dies, costs the owner the link. In these places the use is
# committed, and what it is for has not happened or is on its way.
ANSWER_OF_CLAIM = [f"{AFTER} UPDATE token.used_to_date"]
ANSWER_OF_COMMIT = [f"{AFTER} COMMIT"]
VIEW = [f"{BEFORE} INSERT deed"]
VIEW_BEFORE_COOKIE = [f"{BEFORE} INSERT deed", f"{AFTER} INSERT deed"]
LAST_LOGIN = [f"{BEFORE} UPDATE account.last_login", f"{AFTER} UPDATE account.last_login"]


def session_elsewhere(*statements):
    return [f"{cut} {statement}" for statement in statements for cut in (BEFORE, AFTER)]


LOST_FOR_GOOD = {
    (NONE, "db"): ANSWER_OF_CLAIM + VIEW,
    (REQUEST, "db"): ANSWER_OF_CLAIM + VIEW,
    (SESSION, "db"): ANSWER_OF_COMMIT + VIEW_BEFORE_COOKIE,
    (SESSION, "cache"): ANSWER_OF_COMMIT + LAST_LOGIN + VIEW_BEFORE_COOKIE,
    (SESSION, "signed_cookies"): ANSWER_OF_COMMIT + LAST_LOGIN + VIEW_BEFORE_COOKIE,
    (SESSION, "cached_db"): [
        *ANSWER_OF_COMMIT,
        *session_elsewhere("SELECT session", "INSERT session", "COMMIT"),
        *LAST_LOGIN,
        *session_elsewhere("UPDATE session.session_data", "COMMIT"),
        *VIEW_BEFORE_COOKIE,
    ],
}

ELSEWHERE = [pytest.param(engine, marks=pytest.mark.slow) for engine in ("cache", "cached_db", "signed_cookies")]
DEFAULT = [(REQUEST, "db"), (SESSION, "db")]

# A process that is killed before one of these has signed nobody in, or has not acted; the use was committed.
KILLED = {
    NONE: ["INSERT deed"],
    REQUEST: ["INSERT deed"],
    SESSION: ["INSERT deed", "INSERT log", ANSWER],
}


@pytest.fixture(autouse=True)
def own_views(settings):
    settings.ROOT_URLCONF = cut.__name__
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(params=["a stranger", pytest.param("signed in as himself", marks=pytest.mark.slow)])
def is_signed_in(request):
    return request.param != "a stranger"


def lost_in(outcomes):
    # Only some databases are told to BEGIN.
    return [outcome.place for outcome in outcomes if outcome.is_lost and outcome.statement != "BEGIN"]


@pytest.mark.parametrize("engine", ["db", *ELSEWHERE])
def test_no_connection_that_is_lost_costs_a_link_that_signs_in(settings, engine, is_signed_in):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    outcomes = list(every_cut(lambda: Scene(SESSION, is_signed_in=is_signed_in)))

    print(f"\n{SESSION}, sessions: {engine}\n{table(outcomes)}")
    assert lost_in(outcomes) == []
    assert {outcome.is_signed_in for outcome in outcomes if outcome.uses} == {True}
    # The visitor does not notice: it is tried once more.
    assert {outcome.saw for outcome in outcomes if outcome.statement == "UPDATE token.used_to_date"} == {"200"}
    assert {(outcome.saw, outcome.next_click) for outcome in outcomes} == {
        ("200", "used_up, moments ago"),
        ("500", "200"),
    }


@pytest.mark.parametrize("mode", [pytest.param(NONE, marks=pytest.mark.slow), REQUEST])
def test_no_connection_that_is_lost_costs_a_use_and_not_its_deed(mode, is_signed_in):
    outcomes = list(every_cut(lambda: Scene(mode, is_signed_in=is_signed_in)))

    print(f"\n{mode}\n{table(outcomes)}")
    assert lost_in(outcomes) == []
    assert {(outcome.saw, outcome.uses, outcome.deeds, outcome.next_click) for outcome in outcomes} == {
        ("500", 0, 0, "200"),
        # The answer to the view's own statement: it has raised, so its next run is the second.
        ("500", 0, 1, "200"),
        ("200", 1, 1, "used_up, moments ago"),
    }
    assert [outcome.place for outcome in outcomes if outcome.deeds_in_all != 1] == [f"{AFTER} INSERT deed"]


def test_no_connection_that_is_lost_gives_back_the_use_of_an_earlier_click():
    def used_before():
        scene = Scene(REQUEST, max_uses=3)
        scene.click()
        return scene

    outcomes = list(every_cut(used_before))

    assert {(outcome.saw, outcome.uses) for outcome in outcomes} == {("500", 1), ("200", 2)}


@pytest.mark.slow
@pytest.mark.parametrize("mode", [NONE, REQUEST, SESSION])
@pytest.mark.parametrize("database", [COMES_BACK, STAYS_AWAY])
def test_a_row_for_the_record_costs_nothing(mode, database):
    outcomes = [outcome for outcome in every_cut(lambda: Scene(mode), database) if outcome.statement == "INSERT log"]

    assert [outcome.cut for outcome in outcomes] == [BEFORE, AFTER]
    assert {(o.saw, o.uses, o.deeds, o.is_signed_in) for o in outcomes} == {("200", 1, 1, mode == SESSION)}


@pytest.mark.parametrize(
    ("mode", "engine"),
    [
        pytest.param(*case, marks=[] if case in DEFAULT else pytest.mark.slow, id="-".join(case))
        for case in LOST_FOR_GOOD
    ],
)
def test_a_database_that_stays_away_costs_only_what_is_listed_and_the_page_knows(settings, mode, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    outcomes = list(every_cut(lambda: Scene(mode), STAYS_AWAY))

    print(f"\n{mode}, sessions: {engine}, the database stays away\n{table(outcomes)}")
    assert lost_in(outcomes) == LOST_FOR_GOOD[mode, engine]
    assert {outcome.next_click for outcome in outcomes if outcome.uses} == {"used_up, moments ago"}
    assert {outcome.next_click for outcome in outcomes if not outcome.uses} == {"200"}


# On the wire, and with real processes


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "postgresql", reason="the proxy speaks to PostgreSQL")
@pytest.mark.parametrize("database", [COMES_BACK, STAYS_AWAY])
@pytest.mark.parametrize("mode", [NONE, REQUEST, SESSION])
def test_a_line_cut_on_the_wire_costs_no_more(mode, database):
    outcomes = list(every_cut(lambda: Scene(mode), database, Wire))

    print(f"\n{mode}, cut on the wire, the database {database}\n{table(outcomes)}")
    assert len(outcomes) >= 8
    assert lost_in(outcomes) == (LOST_FOR_GOOD[mode, "db"] if database == STAYS_AWAY else [])
    assert {outcome.next_click for outcome in outcomes} == {"200", "used_up, moments ago"}


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "at"), KILLED.items(), ids=KILLED)
def test_a_worker_that_is_killed_costs_only_an_answer_on_its_way_and_the_page_knows(mode, at):
    outcomes = list(every_kill(lambda: Scene(mode)))

    print(f"\n{mode}, killed\n{table(outcomes)}")
    assert lost_in(outcomes) == [f"{BEFORE} {statement}" for statement in at]
    uses = [outcome.uses for outcome in outcomes]
    assert uses == sorted(uses)
    assert [outcome.next_click for outcome in outcomes] == ["used_up, moments ago" if used else "200" for used in uses]
