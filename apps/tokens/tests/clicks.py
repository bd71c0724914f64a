"""
What two or three people may do at once with one link, and the laws that hold in every order of it.

``CASES`` is the list, ``LAWS`` are the judges, and every_order.py does the rest. Access tokens are not here: they have
no state to race for, and which grants cover which requests is compared with a model of its own in access/test_scope.py.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.test import RequestFactory

from ..models import RequestToken, RequestTokenLog
from .every_order import Played, Visitor, every_order, pause
from .memory import keep

NONE, REQUEST, SESSION = MODES = ("None", "Request", "Session")


# What people do


class Answer(NamedTuple):
    status: int
    code: str
    cookie: str


class State(NamedTuple):
    """What the database says of the token and of its owner's account, looked at after every step."""

    uses: int
    is_revoked: bool
    account: Any


class Scene:
    """A token, its owner, and a site that answers without a network."""

    def __init__(self, mode: str, max_uses: int | None, *, has_other_link: bool = False) -> None:
        model = get_user_model()
        address = {model.USERNAME_FIELD: "owner@example.com", "email": "owner@example.com"}
        self.user: Any = model._default_manager.create_user(**address, password="first")
        self.mode, self.max_uses = mode, max_uses
        self.token = self.make_token()
        self.other = self.make_token() if has_other_link else self.token
        self.handler = BaseHandler()
        self.handler.load_middleware()
        self.keys = settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS
        self.restore_database = keep()

    def make_token(self) -> RequestToken:
        user = None if self.mode == NONE else self.user
        return RequestToken.objects.create_token("test", login_mode=self.mode, user=user, max_uses=self.max_uses)

    def put_back(self) -> None:
        self.restore_database()
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = self.keys

    def post(self, url: str, **headers: str) -> Any:
        request = RequestFactory(headers={"Accept": "application/json", **headers}).post(url)
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.handler.get_response(request)

    def state(self) -> State | None:
        # By hand: this is asked thousands of times, and is no statement of a visitor. The other link counts with the
        # first: it is one sign-in that they share.
        columns = "COUNT(*), SUM(used_to_date), MAX(revoked_at IS NOT NULL)"
        sql = f"SELECT {columns} FROM {RequestToken._meta.db_table} WHERE id IN (?, ?)"
        count, uses, is_revoked = connection.connection.execute(sql, [self.token.pk, self.other.pk]).fetchone()
        columns = f"is_active, password, {self.user.get_email_field_name()}"
        sql = f"SELECT {columns} FROM {self.user._meta.db_table} WHERE id = ?"
        account = connection.connection.execute(sql, [self.user.pk]).fetchone()
        return State(uses, bool(is_revoked), account) if count else None

    def who_is(self, cookie: str) -> str | None:
        user: str | None = json.loads(self.post("/undeclared/", Cookie=cookie).content)["user"]
        return user

    def change_user(self, **fields: Any) -> None:
        user = copy.copy(self.user)
        vars(user).update(fields)
        user.save(update_fields=list(fields))

    @transaction.atomic
    def delete(self, row: Any) -> None:
        type(row)._default_manager.filter(pk=row.pk).delete()

    def change_keys(self) -> None:
        pause("a new key, with the old one to fall back on")
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key" * 9, [self.keys[0]]
        pause("nothing to fall back on")
        settings.SECRET_KEY_FALLBACKS = []


@dataclass(frozen=True)
class Click:
    path: str = "/optional/"
    is_by_link: bool = True
    is_other_link: bool = False
    is_late: bool = False
    fails: bool = False
    # A view that came to nothing gives the use back; not a session that was handed out.
    keeps_uses_of: tuple[str, ...] = MODES

    def by(self, scene: Scene) -> Visitor:
        token = scene.other if self.is_other_link else scene.token
        path = self.path.format(pk=token.pk)
        url = token.tokenise(path) if self.is_by_link else path

        def click() -> Answer:
            if self.is_late:
                pause("the link is opened")
            response = scene.post(url, **{"X-Browser": "asked"})
            session = response.cookies.get(settings.SESSION_COOKIE_NAME)
            cookie = f"{session.key}={session.value}" if session else ""
            code = json.loads(response.content)["code"] if response.status_code == 403 else ""
            return Answer(response.status_code, "used_up" if response.status_code == 208 else code, cookie)

        return click


@dataclass(frozen=True)
class End:
    """Something that ends the link, and what visitors hear who come later."""

    codes: tuple[str, ...]
    act: Callable[[Scene], Any]
    ends_sessions: bool = False

    def by(self, scene: Scene) -> Visitor:
        return lambda: self.act(scene) and None


ACTORS: dict[str, Click | End] = {
    "click": Click(),
    "late click": Click(is_late=True),
    "other link": Click(is_other_link=True),
    "raise": Click("/raises/", fails=True, keeps_uses_of=()),
    "404": Click("/answers/404/", keeps_uses_of=(SESSION,)),
    "release": Click("/releases/", keeps_uses_of=(SESSION,)),
    "again": Click("/again/?again=1"),
    "asked": Click("/asks-by-function/"),
    "admit": Click("/admits/?required=1"),
    "admit, raise": Click("/admits/?required=1&raise=1", fails=True, keeps_uses_of=()),
    "code": Click("/admits-a-row/{pk}/", is_by_link=False),
    "revoke": End(("revoked",), lambda scene: RequestToken.objects.filter(pk=scene.token.pk).revoke()),
    "delete the token": End(("unknown",), lambda scene: scene.delete(scene.token)),
    "delete the user": End(("unknown",), lambda scene: scene.delete(scene.user), ends_sessions=True),
    "deactivate": End(
        ("inactive_user", "revoked"), lambda scene: scene.change_user(is_active=False), ends_sessions=True
    ),
    "new password": End(("user_changed",), lambda scene: scene.change_user(password="second"), ends_sessions=True),
    "new address": End(("user_changed",), lambda scene: scene.change_user(email="moved@example.com")),
    "new keys": End(("invalid",), Scene.change_keys),
}

ENDS_OF = {
    NONE: ["revoke", "delete the token"],
    REQUEST: ["revoke", "delete the token", "delete the user", "deactivate"],
    SESSION: ["revoke", "delete the token", "delete the user", "deactivate", "new password", "new address"],
}
OTHERS = ["raise", "404", "release", "again", "asked", "admit", "admit, raise", "code"]


# Cases


@dataclass(frozen=True)
class Case:
    """A link, and what is done with it at once by a, b and c."""

    mode: str
    max_uses: int | None
    actors: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.mode}, {self.max_uses or 'many'}: {' + '.join(self.actors)}"


def cases_of(mode: str) -> list[Case]:
    quotas = [1] if mode == SESSION else [1, 2, None]
    ends = ENDS_OF[mode]
    return [
        *[Case(mode, quota, ("click", "click")) for quota in quotas],
        *[Case(mode, 1, ("click", other)) for other in [*OTHERS, *ends]],
        *[Case(mode, 1, ("again", "again")), Case(mode, 1, ("admit", "admit")), Case(mode, 1, ("admit", "code"))],
        *[Case(mode, 1, ("late click", "new keys"))],
        *[Case(mode, 2, ("click", "raise")) for _ in range(mode != SESSION)],
        *[Case(mode, 1, ("click", "other link")) for _ in range(mode == SESSION)],
    ]


def long_cases_of(mode: str) -> list[Case]:
    quotas = [1] if mode == SESSION else [1, 2, None]
    return [
        *[Case(mode, quota, ("click", "click", "click")) for quota in quotas],
        *[Case(mode, 1, ("click", "click", end)) for end in ENDS_OF[mode]],
        *[Case(mode, 1, ("click", "raise", end)) for end in ENDS_OF[mode] if end in ("revoke", "delete the user")],
        *[Case(mode, 1, ("click", "click", "other link")) for _ in range(mode == SESSION)],
    ]


CASES = [case for mode in MODES for case in [*cases_of(mode), *long_cases_of(mode)]]


# Laws


class Deed(NamedTuple):
    """What one visitor did in an order, from which step to which."""

    actor: Any
    answer: Any
    first: int
    last: int


class Outcome:
    """One order that was played, and the facts that the laws ask for."""

    def __init__(self, case: Case, scene: Scene, played: Played) -> None:
        self.case, self.scene, self.states = case, scene, played.states
        deeds = [
            Deed(ACTORS[name], played.answers[letter], played.order.index(letter), played.order.rindex(letter))
            for letter, name in zip("abc", case.actors, strict=False)
        ]
        self.clicks = [deed for deed in deeds if isinstance(deed.actor, Click)]
        self.ends = [deed for deed in deeds if isinstance(deed.actor, End)]
        self.refused = [deed for deed in self.clicks if deed.answer.code]
        self.admitted = [deed for deed in self.clicks if not deed.answer.code]
        self.kept = [deed for deed in self.admitted if case.mode in deed.actor.keeps_uses_of]
        self.limit = case.max_uses or len(self.clicks)


def no_more_views_act_than_allowed(outcome: Outcome) -> bool:
    return len(outcome.kept) <= outcome.limit and all(state.uses <= outcome.limit for state in outcome.states if state)


def the_count_is_the_uses_kept(outcome: Outcome) -> bool:
    last = outcome.states[-1]
    return last is None or last.uses == len(outcome.kept)


def no_use_is_left_while_somebody_is_refused(outcome: Outcome) -> bool:
    can_be_left = outcome.ends or any(outcome.case.mode not in click.actor.keeps_uses_of for click in outcome.clicks)
    return bool(can_be_left) or len(outcome.kept) == min(outcome.limit, len(outcome.clicks))


def every_decision_is_on_record_once(outcome: Outcome) -> bool:
    found = Counter(RequestTokenLog.objects.values_list("reason", flat=True))
    # Who forges a link, or has one of a row that is gone, leaves nothing on a token's record.
    codes = [deed.answer.code for deed in outcome.refused if deed.answer.code not in ("unknown", "invalid")]
    return outcome.states[-1] is None or found == Counter([*codes, *["admitted"] * len(outcome.admitted)])


def only_views_that_raise_answer_500(outcome: Outcome) -> bool:
    return all((deed.answer.status == 500) == deed.actor.fails for deed in outcome.admitted)


def nobody_comes_in_after_an_end(outcome: Outcome) -> bool:
    return not any(end.last < click.first for end in outcome.ends for click in outcome.admitted)


def no_use_is_taken_after_a_revocation(outcome: Outcome) -> bool:
    steps = zip(outcome.states, outcome.states[1:], strict=False)
    return not any(before and after and before.is_revoked and after.uses > before.uses for before, after in steps)


def nobody_signs_in_after_the_account_has_changed(outcome: Outcome) -> bool:
    # In the very step before: a click that has looked already must look again when it signs in.
    first, steps = outcome.states[0], zip(outcome.states, outcome.states[1:], strict=False)
    taken_after = [before.account for before, after in steps if before and after and after.uses > before.uses]
    return outcome.case.mode != SESSION or all(account == first.account for account in taken_after)


def what_the_refused_hear_is_true(outcome: Outcome) -> bool:
    return all(is_true(deed, outcome) for deed in outcome.refused)


def is_true(refused: Deed, outcome: Outcome) -> bool:
    code = refused.answer.code
    seen = [state for state in outcome.states[refused.first : refused.last + 2] if state]
    if code == "used_up":
        return any(state.uses == outcome.limit for state in seen)
    # Signing in by one link ends the others.
    is_superseded = code == "revoked" and any(state.is_revoked for state in seen)
    return is_superseded or any(code in end.actor.codes and end.first < refused.last for end in outcome.ends)


def a_session_goes_out_with_each_use_kept_and_with_nothing_else(outcome: Outcome) -> bool:
    signs_in = outcome.case.mode == SESSION
    return [deed for deed in outcome.clicks if deed.answer.cookie] == (outcome.kept if signs_in else [])


def no_session_outlives_the_account(outcome: Outcome) -> bool:
    cookies = [deed.answer.cookie for deed in outcome.clicks if deed.answer.cookie]
    is_over = any(end.actor.ends_sessions for end in outcome.ends)
    return not is_over or not any(outcome.scene.who_is(cookie) for cookie in cookies)


LAWS = [
    no_more_views_act_than_allowed,
    the_count_is_the_uses_kept,
    no_use_is_left_while_somebody_is_refused,
    every_decision_is_on_record_once,
    only_views_that_raise_answer_500,
    nobody_comes_in_after_an_end,
    no_use_is_taken_after_a_revocation,
    nobody_signs_in_after_the_account_has_changed,
    what_the_refused_hear_is_true,
    a_session_goes_out_with_each_use_kept_and_with_nothing_else,
    no_session_outlives_the_account,
]


# The walk


def explore(case: Case) -> Iterator[tuple[Played, list[str]]]:
    """Each order of the case, and the names of the laws that it breaks."""
    scene = Scene(case.mode, case.max_uses, has_other_link="other link" in case.actors)
    for played in every_order(visitors_of(case, scene), scene.put_back, scene.state):
        outcome = Outcome(case, scene, played)
        yield played, [law.__name__ for law in LAWS if not law(outcome)]


def visitors_of(case: Case, scene: Scene) -> list[Visitor]:
    # One visitor for all who do the same, by which every_order knows them for alike.
    doing = {name: ACTORS[name].by(scene) for name in case.actors}
    return [doing[name] for name in case.actors]
