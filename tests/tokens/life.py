"""
A token's whole life: every state it can come into, and in each of them every event, compared with the contract.

It proves that no history of visits, of changes to the token and its account, and of signing in and out leads from a new
link to anything that ``contract`` does not say. Breadth first: each state is reached from nothing by its shortest
history, over HTTP; there each event is tried and undone. Compared are what the visitor sees (of a refusal its reason),
the uses and the revocation in the row, and who is signed in afterwards.

It does not prove what two visitors do to each other (``every_order``), nor what is left of a click that is cut short
(``cut``): here is one link, one browser, one request after the other. Two histories that end in the same ``State``
count as one, and a link without a limit is followed for ``MOST_USES``.
"""

import copy
from collections import deque
from contextlib import contextmanager
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client

from apps.tokens import signing
from apps.tokens.models import RequestToken

from .support import FUTURE, PAST

NONE, REQUEST, SESSION = RequestToken.LoginMode
SINGLE_USE = [(NONE, 1), (REQUEST, 1), (SESSION, 1)]
KINDS = [*SINGLE_USE, (NONE, 2), (REQUEST, 2), (NONE, None), (REQUEST, None)]
MOST_USES = 1


class State(NamedTuple):
    uses: int = 0
    # Early, valid or over; "cut short": the row has expired, the link has not; "prolonged": the other way round.
    time: str = "valid"
    is_revoked: bool = False
    is_open: bool = True  # the owner's account
    is_changed: bool = False  # its password, since the link was made
    session: str = "nobody"  # whose the browser's is: nobody, owner or stranger

    @property
    def visitor(self):
        return "nobody" if self.session == "owner" and not self.is_open else self.session


class Visit(NamedTuple):
    view: str
    method: str = "GET"
    asks: bool | None = False  # what the view says of confirm
    purpose: str = ""
    link: str = "its own"


VISITS = {
    "open": Visit("optional", asks=None),
    "press": Visit("optional", "POST", asks=None),
    "head": Visit("optional", "HEAD", asks=None),
    "prefetch": Visit("optional", asks=None, purpose="prefetch"),
    "open, asked": Visit("asks", asks=True),
    "press, asked": Visit("asks", "POST", asks=True),
    "options, asked": Visit("asks", "OPTIONS", asks=True),
    "head, not asked": Visit("straight", "HEAD"),
    "prefetch, not asked": Visit("straight", purpose="prefetch;prerender"),
    "open, raises": Visit("raises"),
    "open, answers 404": Visit("answers/404"),
    "open, releases": Visit("releases"),
    "press, ignores the session": Visit("any-session", "POST", asks=None),
    "open, only POST": Visit("only-post"),
    "open, another scope": Visit("mixin-argument", asks=None),
    "open, undeclared": Visit("undeclared"),
    "open, forged": Visit("optional", asks=None, link="forged"),
    "open, another's": Visit("optional", asks=None, link="another's"),
}

# When it can happen, and what it changes.
CHANGES = {
    "nbf put off": (lambda now: now.time == "valid", {"time": "early"}),
    "nbf passes": (lambda now: now.time == "early", {"time": "valid"}),
    "exp passes": (lambda now: now.time == "valid", {"time": "over"}),
    "expiry moved forward": (lambda now: now.time == "valid", {"time": "cut short"}),
    "expiry put off": (lambda now: now.time == "valid", {"time": "prolonged"}),
    "revoke": (lambda now: not now.is_revoked, {"is_revoked": True}),
    "sign in, stranger": (lambda now: now.session != "stranger", {"session": "stranger"}),
    "sign out": (lambda now: now.session != "nobody", {"session": "nobody"}),
}
CHANGES_OF_OWNER = {
    "sign in, owner": (lambda now: now.is_open and now.session != "owner", {"session": "owner"}),
    "close": (lambda now: now.is_open, {"is_open": False}),
    "close by UPDATE": (lambda now: now.is_open, {"is_open": False}),
    "reopen": (lambda now: not now.is_open, {"is_open": True}),
    "change password": (lambda now: not now.is_changed, {"is_changed": True}),
}


def possible(mode, now):
    """Every visit, and the changes that would change something. A token of mode NONE has no owner."""
    changes = CHANGES if mode == NONE else CHANGES | CHANGES_OF_OWNER
    return [*VISITS, *(event for event, (can_happen, _) in changes.items() if can_happen(now))]


def contract(mode, max_uses, now, event):
    """What the visitor sees, and the state afterwards."""
    if event not in VISITS:
        after = now._replace(**(CHANGES | CHANGES_OF_OWNER)[event][1])
        if event == "change password" and now.session == "owner":
            after = after._replace(session="nobody")
        # Django's signal ends the sign-in links of an account that is saved closed.
        if event in ("close", "change password") and not after.is_open and mode == SESSION:
            after = after._replace(
                is_revoked=now.is_revoked or (not now.uses and now.time not in ("over", "cut short"))
            )
        return "", after

    view, method, asks, purpose, link = VISITS[event]
    is_declared, has_owner = view != "undeclared", mode != NONE
    reasons = [
        ("405", view == "only-post" and method != "POST"),
        ("invalid", link == "forged"),
        ("unknown", link == "another's"),
        ("scope", view == "mixin-argument"),
        ("revoked", now.is_revoked),
        ("expired", now.time in ("over", "cut short")),
        ("not_yet_valid", now.time == "early"),
        ("used_up", now.uses == max_uses),
        ("expired", now.time == "prolonged"),
        ("inactive_user", has_owner and is_declared and not now.is_open),
        ("user_changed", mode == SESSION and is_declared and now.is_changed),
        ("wrong_user", has_owner and is_declared and now.visitor == "stranger" and view != "any-session"),
        (f"view, {now.visitor}", not is_declared),
        ("page", (asks or (asks is None and mode == SESSION)) and method in ("GET", "HEAD")),
        ("204", method in ("HEAD", "OPTIONS")),
        ("425", purpose),
    ]
    for seen, applies in reasons:
        if applies:
            return seen, now

    used = now._replace(uses=now.uses + 1)
    seen = {"raises": "500", "answers/404": "404"}.get(view, f"view, {'owner' if has_owner else now.visitor}")
    if mode == SESSION:
        return seen, now._replace(session="nobody") if seen == "500" else used._replace(session="owner")
    return seen, now if view in ("raises", "answers/404", "releases") else used


class World:
    """A new link, its owner, a stranger and a browser."""

    def __init__(self, mode, max_uses):
        self.owner, self.stranger = make_user("owner"), make_user("stranger")
        owner = {} if mode == NONE else {"user": self.owner}
        token = RequestToken.objects.create_token(scope="test", login_mode=mode, max_uses=max_uses, **owner)
        self.link, self.rows = token.jwt(), RequestToken.objects.filter(pk=token.pk)
        self.client = Client(raise_request_exception=False)

    @contextmanager
    def as_it_was(self):
        """Afterwards all is as it was before, in the database and in the browser."""
        link, cookies = self.link, copy.deepcopy(self.client.cookies)
        with undone():
            yield
        self.link, self.client.cookies = link, cookies

    def happen(self, event):
        """Let it happen. Returns what a visitor sees of it."""
        if event in VISITS:
            return self.visit(VISITS[event])
        owners = type(self.owner).objects.filter(pk=self.owner.pk)
        # Rows move and not the clock: the link becomes what it would have been if it had been made so long ago.
        match event:
            case "nbf passes" | "nbf put off":
                self.rows.update(not_before_time=PAST if event == "nbf passes" else FUTURE)
                self.link = self.rows.get().jwt()
            case "exp passes" | "expiry put off":
                self.rows.update(expiration_time=PAST)
                self.link = self.rows.get().jwt()
                if event == "expiry put off":
                    self.rows.update(expiration_time=FUTURE)
            case "expiry moved forward":
                self.rows.update(expiration_time=PAST)
            case "revoke":
                self.rows.get().revoke()
            case "close" | "reopen":
                owner = owners.get()
                owner.is_active = event == "reopen"
                owner.save()
            case "close by UPDATE":
                owners.update(is_active=False)
            case "change password":
                owner = owners.get()
                owner.set_password("another")
                owner.save()
            case "sign in, owner":
                self.client.force_login(owners.get())
            case "sign in, stranger":
                self.client.force_login(self.stranger)
            case "sign out":
                self.client.logout()
        return ""

    def visit(self, visit):
        # Signed once for another row of the same id; and the same claims under a signature that is not theirs.
        anothers = signing.encode({**self.rows.get().claims, "iat": 0})
        forged = ".".join([*anothers.split(".")[:2], self.link.split(".")[2]])
        link = {"its own": self.link, "another's": anothers, "forged": forged}[visit.link]
        headers = {"Sec-Purpose": visit.purpose}
        response = self.client.generic(visit.method, f"/{visit.view}/?rt={link}", headers=headers)
        if response.status_code == 403:
            return response.context["error"].code
        if response.status_code != 200:
            return str(response.status_code)
        return "page" if response.templates else f"view, {user_in(response)}"

    def look(self):
        """The row's uses and revocation, and who is signed in."""
        [(uses, revoked_at)] = self.rows.values_list("used_to_date", "revoked_at")
        return uses, revoked_at is not None, user_in(self.client.get("/undeclared/"))


def make_user(name):
    model, address = get_user_model(), f"{name}@example.com"
    return model.objects.create_user(**{model.USERNAME_FIELD: address, "email": address})


def user_in(response):
    return (response.json()["user"] or "nobody").partition("@")[0]


class Lives(NamedTuple):
    states: int
    transitions: int
    disagreements: list[str]


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@undone()
def explore(mode, max_uses, *, depth=None):
    """Every state that ``depth`` events lead to, or as many as it takes, and every event in it."""
    world, histories, queue = World(mode, max_uses), {State(): ()}, deque([State()])
    transitions, disagreements = 0, []
    while queue:
        now = queue.popleft()
        with world.as_it_was():
            for event in histories[now]:
                world.happen(event)
            for event in possible(mode, now):
                with world.as_it_was():
                    got = world.happen(event), *world.look()
                seen, after = contract(mode, max_uses, now, event)
                expected = seen, after.uses, after.is_revoked, after.visitor
                history = *histories[now], event
                transitions += 1
                if got != expected:
                    disagreements.append(f"{mode}, {max_uses}: {' > '.join(history)}: {got}, not {expected}")
                if after not in histories and after.uses <= (max_uses or MOST_USES) and len(history) != depth:
                    histories[after] = history
                    queue.append(after)
    return Lives(len(histories), transitions, disagreements)


def disagreements(kinds=SINGLE_USE, *, depth=3):
    """Where the app does not do what the contract says, in histories of so many events; by default in some seconds."""
    return [text for kind in kinds for text in explore(*kind, depth=depth).disagreements]
