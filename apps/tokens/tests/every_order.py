"""
Every order in which the SQL statements of two or three visitors can follow each other.

Twenty threads over some rounds make a double win unlikely; this makes it certain, in seconds and without
threads. Each visitor is a greenlet that stands still before each of its statements. A depth-first walk lets them
go on, one statement at a time, in every order there is, and puts the database back after each. An order is a
string such as "abbaab", whose statement came when, and ``play(visitors, "abbaab")`` plays it again.

What it proves: whatever statements of the others come between two statements of one visitor, the laws of the
case hold.

What it does not: there is one connection, so an atomic block is one step. What READ COMMITTED lets happen inside
a transaction, locks and deadlocks are not explored; for those there are threads on real databases, in test_races.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

from django.db import connection
from greenlet import getcurrent, greenlet

Visitor = Callable[[], Any]


@dataclass
class Played:
    """One order: what came of it, and what else could have come at each step."""

    order: str = ""
    statements: list[str] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """The order, the beginning of a statement a line."""
        return "\n".join(f"{letter} {sql[:60]}" for letter, sql in zip(self.order, self.statements, strict=True))


def every_order(
    visitors: Sequence[Visitor], put_back: Callable[[], None], look: Callable[[], Any] = lambda: None
) -> Iterator[Played]:
    """Each order once, played to its end. The database is put back when the next one is asked for."""
    beginnings = [""]
    while beginnings:
        beginning = beginnings.pop()
        played = play(visitors, beginning, look)
        for step in range(len(beginning), len(played.order)):
            beginnings += [played.order[:step] + other for other in played.others[step]]
        try:
            yield played
        finally:
            put_back()


def play(visitors: Sequence[Visitor], order: str = "", look: Callable[[], Any] = lambda: None) -> Played:
    """
    Let the visitors take their steps in this order and, where it ends, always the first who has one left.

    ``look`` is called before the first step and after each; what it returns is in ``states``.
    """
    director, played = getcurrent(), Played()
    doing = dict(zip(ascii_lowercase, visitors, strict=False))
    waiting = {letter: greenlet(visitor) for letter, visitor in doing.items()}
    standing_before: dict[str, str] = {}

    def stand_still(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if getcurrent() is not director and not connection.in_atomic_block:
            pause(sql)
        return execute(sql, params, many, context)

    def go_on(letter: str) -> None:
        # Up to the next statement, or to the end and the answer.
        heard = waiting[letter].switch()
        if waiting[letter].dead:
            played.answers[letter] = heard
            del waiting[letter]
        else:
            standing_before[letter] = heard

    def waits_for_a_twin(letter: str) -> bool:
        # Of two who do the same, either may begin: it is the same order with other letters.
        twins = [twin for twin in doing if doing[twin] is doing[letter] and twin not in played.order]
        return letter in twins[1:]

    with connection.execute_wrapper(stand_still):
        for letter in list(waiting):
            go_on(letter)
        played.states.append(look())
        while waiting:
            step = len(played.order)
            ready = [letter for letter in waiting if not waits_for_a_twin(letter)]
            letter = order[step] if step < len(order) else ready[0]
            played.others.append("".join(other for other in ready if other > letter))
            played.statements.append(standing_before[letter])
            go_on(letter)
            played.order += letter
            played.states.append(look())
    return played


def pause(before: str) -> None:
    """For visitors who do something that is not a statement: stand still before it, too."""
    director = getcurrent().parent
    assert director is not None, "Only a visitor in a play can stand still."
    director.switch(before)
