"""
A cut at every statement of a click, before it and after it, and then the click once more.

At each statement in turn, COMMIT among them, the connection is lost: before the statement arrives, or when it is done,
so that only its answer is lost. Then the app may connect anew, or it may not: a database that stays away is left as a
killed process leaves it. The owner's next click finds everything well again.

What it proves: wherever a connection is lost, a link that signs in is not lost, and any other link is not lost before
its view runs; once the view has acted, its use is kept; the row for the record costs nothing. Where the database stays
away some links are lost. These cuts are listed one by one in test_cut.py, and the page that meets their owners knows
that it was moments ago, so that it can offer a new link.

What it does not: here the connection is cut within this process, by wire.py on the wire to PostgreSQL, and worker.py
kills a real process; none of them takes the power from the database. And a view that has acted while the answer to its
own statement is lost will run again by the next click: that it acts only once is up to the view.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from ..decorators import use_request_token
from ..models import RequestToken, RequestTokenLog
from .sample.models import Item

NONE, REQUEST, SESSION = "None", "Request", "Session"
BEFORE, AFTER = "before", "after"
# May the app connect anew?
COMES_BACK, STAYS_AWAY = "comes back", "stays away"


@csrf_exempt
@use_request_token(scope="cut", required=True, confirm=False)
def act(request: HttpRequest) -> HttpResponse:
    """The view of every click: its deed is one row."""
    Item.objects.create()
    return HttpResponse("done")


def who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk or ""))


urlpatterns = [path("act/", act), path("who/", who)]


class Scene:
    """One link, its owner and the owner's browser."""

    numbers = count()

    def __init__(self, mode: str, *, max_uses: int = 1, is_signed_in: bool = False) -> None:
        model = get_user_model()
        address = f"owner{next(self.numbers)}@example.com"
        self.owner: Any = model._default_manager.create_user(**{model.USERNAME_FIELD: address, "email": address})
        self.token = RequestToken.objects.create_token(
            scope="cut", login_mode=mode, max_uses=max_uses, user=None if mode == NONE else self.owner
        )
        self.link = self.token.tokenise("/act/")
        self.browser = Client(raise_request_exception=False)
        if is_signed_in:
            self.browser.force_login(self.owner)
        self.items = Item.objects.count()

    def click(self) -> Any:
        return self.browser.post(self.link)

    @property
    def uses(self) -> int:
        return RequestToken.objects.get(pk=self.token.pk).used_to_date

    @property
    def deeds(self) -> int:
        return Item.objects.count() - self.items

    @property
    def is_signed_in(self) -> bool:
        return self.browser.get("/who/").content.decode() == str(self.owner.pk)


class Outcome(NamedTuple):
    """One cut: what the visitor saw, what is so after it, and what the next click gives."""

    mode: str
    statement: str
    cut: str
    saw: str
    uses: int
    deeds: int
    is_signed_in: bool
    next_click: str
    deeds_in_all: int

    @property
    def is_lost(self) -> bool:
        """The link does not work any more, and what it is for has not happened."""
        has_happened = self.is_signed_in if self.mode == SESSION else self.deeds > 0
        return not has_happened and self.next_click != "200"

    @property
    def place(self) -> str:
        return f"{self.cut} {self.statement}"


def every_cut(
    make_scene: Callable[[], Scene], database: str = COMES_BACK, kind: type[Line] | None = None
) -> Iterator[Outcome]:
    """Each statement of the click cut, before and after; nothing is cut in the first scene, which tells how many."""
    lay = kind or Line
    uncut = lay()
    with uncut.laid():
        make_scene_and_click(make_scene, uncut)
    for number in range(1, len(uncut.statements) + 1):
        for place in (BEFORE, AFTER):
            line = lay(number, place, database)
            with line.laid():
                scene, response = make_scene_and_click(make_scene, line)
            yield look(scene, response, line.statements[number - 1], place)


def make_scene_and_click(make_scene: Callable[[], Scene], line: Line) -> tuple[Scene, Any]:
    line.is_watched = False
    scene = make_scene()
    line.is_watched = True
    response = scene.click()
    line.is_watched = False
    # As at the end of every request.
    connection.close()
    line.is_lost = False
    return scene, response


def look(scene: Scene, response: Any, statement: str, cut: str) -> Outcome:
    """What is so after a cut, and after the click that follows it; no response where the process has died."""
    uses, deeds, is_signed_in = scene.uses, scene.deeds, scene.is_signed_in
    mode, saw = str(scene.token.login_mode), "nothing" if response is None else str(response.status_code)
    return Outcome(mode, statement, cut, saw, uses, deeds, is_signed_in, answer(scene.click()), scene.deeds)


def answer(response: Any) -> str:
    """The status of a response; of a refusal its reason, and whether the page knows that it was moments ago."""
    if response.status_code != 403:
        return str(response.status_code)
    error = response.context["error"]
    return f"{error.code}, moments ago" if error.was_moments_ago else str(error.code)


class Line:
    """The line to the database: it counts what passes, and is cut at one statement."""

    def __init__(self, number: int = 0, place: str = BEFORE, database: str = COMES_BACK) -> None:
        self.number, self.place, self.database = number, place, database
        self.statements: list[str] = []
        self.is_watched = self.is_lost = False

    @contextmanager
    def laid(self) -> Iterator[None]:
        """What the connection does in this block goes by this line."""
        connection.ensure_connection()
        itself: Any = connections[DEFAULT_DB_ALIAS]
        commit, rollback, close, is_usable = itself._commit, itself._rollback, itself.close, itself.is_usable

        def close_and_connect_anew() -> None:
            close()
            self.is_lost = self.is_lost and self.database == STAYS_AWAY

        ways = {
            "_commit": lambda: self.passes("COMMIT", commit),
            "_rollback": lambda: self.passes("", rollback),
            "close": close_and_connect_anew,
            "is_usable": lambda: not self.is_lost and is_usable(),
        }
        vars(itself).update(ways)
        try:
            with connection.execute_wrapper(lambda execute, *args: self.passes(args[0], lambda: execute(*args))):
                yield
        finally:
            for name in ways:
                del vars(itself)[name]

    def passes(self, sql: str, run: Callable[[], Any]) -> Any:
        if self.is_lost:
            raise self.error()
        if not self.is_watched or not sql:
            return run()
        self.statements.append(in_words(sql))
        is_here = len(self.statements) == self.number
        if is_here and self.place == BEFORE:
            self.cut()
        result = run()
        if is_here:
            self.cut()
        return result

    def cut(self) -> None:
        # What a database does with the transaction of a connection that is gone.
        itself: Any = connection
        itself.connection.rollback()
        self.is_lost = True
        raise self.error()

    def error(self) -> OperationalError:
        # As Django does when an error of the database's driver comes by: only then is the connection looked at again.
        connection.errors_occurred = True
        return OperationalError("the line is cut")


def in_words(sql: str) -> str:
    """A statement by its verb, and the model it is about; of an UPDATE also the first column it writes."""
    names = {model._meta.db_table: name for model, name in MODELS.items()}
    found = re.match(r"(INSERT INTO|UPDATE|DELETE FROM|SELECT .*? FROM) \W?(\w+)\W?(?: SET \W?(\w+))?", sql, re.DOTALL)
    if found is None:
        return sql.split()[0]
    verb, table, column = found.groups()
    return f"{verb.split()[0]} {names.get(table, table)}{'.' + column if column else ''}"


MODELS: dict[Any, str] = {
    RequestToken: "token",
    RequestTokenLog: "log",
    get_user_model(): "account",
    Session: "session",
    Item: "deed",
}


def table(outcomes: list[Outcome]) -> str:
    """The outcomes, a line for each."""
    names = ("cut", "statement", "visitor saw", "uses", "deeds", "signed in", "next click", "deeds in all")
    rows = [
        (o.cut, o.statement, o.saw, str(o.uses), str(o.deeds), "yes" if o.is_signed_in else "no", o.next_click)
        + (f"{o.deeds_in_all}{'  LOST' if o.is_lost else ''}",)
        for o in outcomes
    ]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in (names, *rows))
