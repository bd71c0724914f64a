"""
What two or three people may do at once with one link, and the laws that hold in every order of it.

``CASES`` is the list, ``LAWS`` are the judges, and every_order.py does the rest. Access tokens are not here: they have
no state to race for, and which grants cover which requests is compared with a model of its own in access/test_scope.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.test import RequestFactory

from apps.tokens.models import RequestToken, RequestTokenLog

from .every_order import Played, every_order
from .memory import keep

NONE, REQUEST, SESSION = MODES = ("None", "Request", "Session")


class Answer(NamedTuple):
    status: int
    cookie: str

    @property
    def is_refusal(self) -> bool:
        return self.status == 403


class State(NamedTuple):
    """What the database says of the token, looked at after every step."""

    uses: int
    is_revoked: bool


class Scene:
    """A token, its owner, and a site that answers without a network."""

    def __init__(self, mode: str, max_uses: int | None) -> None:
        model = get_user_model()
        address = "owner@example.com"
        self.user: Any = model._default_manager.create_user(
            **{model.USERNAME_FIELD: address, "email": address, "password": "first"}
        )
        self.token = RequestToken.objects.create_token(
            scope="test", login_mode=mode, user=None if mode == NONE else self.user, max_uses=max_uses
        )
        self.jwt = self.token.jwt()
        self.handler = BaseHandler()
        self.handler.load_middleware()

    def post(self, path: str, cookie: str = "") -> Any:
        request = RequestFactory(headers={"Cookie": cookie}).post(f"{path}?rt={self.jwt}")
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.handler.get_response(request)

    def click(self, path: str) -> Answer:
        response = self.post(path)
        session = response.cookies.get("sessionid")
        return Answer(response.status_code, f"sessionid={session.value}" if session else "")

    def state(self) -> State | None:
        # By hand: this is asked thousands of times, and no statement of a visitor.
        sql = f"SELECT used_to_date, revoked_at IS NOT NULL FROM {RequestToken._meta.db_table} WHERE id = ?"
        row = connection.connection.execute(sql, [self.token.pk]).fetchone()
        return State(*row) if row else None

    def change_user(self, **fields: Any) -> None:
        user = type(self.user)._default_manager.get(pk=self.user.pk)
        for name, value in fields.items():
            setattr(user, name, value)
        user.save(update_fields=list(fields))

    @transaction.atomic
    def delete(self, row: Any) -> None:
        type(row)._default_manager.filter(pk=row.pk).delete()


CLICKS = {
    "click": "/optional/",
    "raise": "/raises/",
    "404": "/answers/404/",
    "release": "/releases/",
}
ENDS: dict[str, Callable[[Scene], Any]] = {
    "revoke": lambda scene: RequestToken.objects.filter(pk=scene.token.pk).revoke(),
    "delete the token": lambda scene: scene.delete(scene.token),
    "delete the user": lambda scene: scene.delete(scene.user),
    "deactivate": lambda scene: scene.change_user(is_active=False),
    "new password": lambda scene: scene.change_user(password="second"),
    "new address": lambda scene: scene.change_user(email="moved@example.com"),
}
ENDS_OF = {NONE: [*ENDS][:2], REQUEST: [*ENDS][:4], SESSION: [*ENDS]}


@dataclass(frozen=True)
class Case:
    """A link, and what is done with it at the same time by a, b and c."""

    mode: str
    max_uses: int | None
    actors: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.mode}, max_uses={self.max_uses}: {', '.join(self.actors)}"


def cases_of(mode: str) -> list[Case]:
    quotas = [1] if mode == SESSION else [1, 2, None]
    return [
        *[Case(mode, quota, ("click", "click")) for quota in quotas],
        *[Case(mode, 1, ("click", other)) for other in CLICKS if other != "click"],
        *[Case(mode, 1, ("click", end)) for end in ENDS_OF[mode]],
        *[Case(mode, quota, ("click", "click", "click")) for quota in quotas],
        *[Case(mode, 1, ("raise", "raise", "click"))],
        *[Case(mode, 1, ("click", "click", end)) for end in ENDS_OF[mode]],
        *[Case(mode, 1, ("click", "raise", end)) for end in ENDS_OF[mode]],
    ]


class Outcome:
    """One order that was played, and the facts the laws ask for."""

    def __init__(self, case: Case, scene: Scene, played: Played) -> None:
        self.case, self.scene, self.order, self.states = case, scene, played.order, played.states
        named = [(letter, actor, played.answers[letter]) for letter, actor in zip("abc", case.actors, strict=False)]
        self.clicks = [entry for entry in named if entry[1] in CLICKS]
        self.ends = [entry for entry in named if entry[1] in ENDS]
        self.admitted = [entry for entry in self.clicks if not entry[2].is_refusal]

    def is_kept(self, actor: str) -> bool:
        """A view that came to nothing gives the use back; not a session that was handed out."""
        return actor == "click" or (self.case.mode == SESSION and actor != "raise")

    @property
    def kept(self) -> int:
        return sum(self.is_kept(actor) for _, actor, _ in self.admitted)


def no_more_uses_than_allowed(outcome: Outcome) -> bool:
    limit = outcome.case.max_uses or len(outcome.clicks)
    return outcome.kept <= limit and all(state.uses <= limit for state in outcome.states if state)


def the_count_is_the_uses_kept(outcome: Outcome) -> bool:
    last = outcome.states[-1]
    return last is None or last.uses == outcome.kept


def no_use_is_left_while_somebody_is_refused(outcome: Outcome) -> bool:
    can_fail = outcome.ends or any(not outcome.is_kept(actor) for _, actor, _ in outcome.clicks)
    return bool(can_fail) or outcome.kept == min(outcome.case.max_uses or 9, len(outcome.clicks))


def every_decision_is_on_record_once(outcome: Outcome) -> bool:
    reasons = Counter(RequestTokenLog.objects.values_list("reason", flat=True))
    admitted = len(outcome.admitted)
    return outcome.states[-1] is None or (reasons["admitted"], reasons.total()) == (admitted, len(outcome.clicks))


def only_a_view_that_raises_answers_500(outcome: Outcome) -> bool:
    return all((answer.status == 500) <= (actor == "raise") for _, actor, answer in outcome.clicks)


def nobody_comes_in_after_an_end(outcome: Outcome) -> bool:
    order = outcome.order
    return not any(order.rindex(end) < order.index(click) for end, _, _ in outcome.ends for click, _, _ in outcome.admitted)


def no_use_is_taken_after_a_revocation(outcome: Outcome) -> bool:
    steps = zip(outcome.states, outcome.states[1:], strict=False)
    return not any(before and after and before.is_revoked and after.uses > before.uses for before, after in steps)


def a_session_goes_out_with_a_use_kept_and_with_nothing_else(outcome: Outcome) -> bool:
    signs_in = outcome.case.mode == SESSION
    letters = {letter for letter, actor, _ in outcome.admitted if signs_in and outcome.is_kept(actor)}
    return letters == {letter for letter, _, answer in outcome.clicks if answer.cookie}


def no_session_outlives_the_account(outcome: Outcome) -> bool:
    if not any(actor in ("delete the user", "deactivate", "new password") for _, actor, _ in outcome.ends):
        return True
    cookies = [answer.cookie for _, _, answer in outcome.clicks if answer.cookie]
    return not any(who_is(outcome.scene, cookie) for cookie in cookies)


LAWS = [
    no_more_uses_than_allowed,
    the_count_is_the_uses_kept,
    no_use_is_left_while_somebody_is_refused,
    every_decision_is_on_record_once,
    only_a_view_that_raises_answers_500,
    nobody_comes_in_after_an_end,
    no_use_is_taken_after_a_revocation,
    a_session_goes_out_with_a_use_kept_and_with_nothing_else,
    no_session_outlives_the_account,
]


def who_is(scene: Scene, cookie: str) -> str | None:
    request = RequestFactory(headers={"Cookie": cookie}).get("/undeclared/")
    user: str | None = json.loads(scene.handler.get_response(request).content)["user"]
    return user


def explore(case: Case) -> tuple[int, list[str]]:
    """How many orders there are, and a line for each law that one of them broke."""
    scene = Scene(case.mode, case.max_uses)
    doing = {actor: visitor(scene, actor) for actor in case.actors}
    visitors = [doing[actor] for actor in case.actors]
    put_back = keep()
    orders, broken = 0, []
    for played in every_order(visitors, put_back, scene.state):
        orders += 1
        outcome = Outcome(case, scene, played)
        broken += [f"{case}, order {played.order}: {law.__name__}" for law in LAWS if not law(outcome)]
    return orders, broken


def visitor(scene: Scene, actor: str) -> Callable[[], Any]:
    return (lambda: scene.click(CLICKS[actor])) if actor in CLICKS else (lambda: ENDS[actor](scene))
