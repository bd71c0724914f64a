"""
A token's whole life: every state it can come into, and in each of them every event, compared with the contract.

It proves that no history of visits, of changes to the token and its account, and of signing in and out leads from a new
link to anything that ``contract`` does not say. Breadth first: each state is reached from nothing by its shortest
history, over HTTP; there each event is tried and undone. Compared are what the visitor sees (of a refusal its reason),
the uses and the revocation in the row, and who is signed in afterwards.

It does not prove what two visitors do to each other (``every_order``), nor what is left of a click that is cut short
(``cut``): here is one link, one browser, one request after the other. Two histories that end in the same ``State``
count as one, and a link without a limit is followed to its second use.
"""

import copy
from collections import deque
from contextlib import contextmanager
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client

from .. import signing
from ..models import RequestToken
from .support import FUTURE, PAST

NONE, REQUEST, SESSION = RequestToken.LoginMode
SINGLE_USE = [(NONE, 1), (REQUEST, 1), (SESSION, 1)]
KINDS = [*SINGLE_USE, (NONE, 2), (REQUEST, 2), (NONE, None), (REQUEST, None)]


class State(NamedTuple):
    uses: int = 0
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

# The row's and the link's nbf, the link's exp, the row's exp. Rows move and not the clock: the app, the database and
# Django's sessions each have their own. The link is made anew, as if it had been made so long ago.
TIMES = {
    "early": (FUTURE, FUTURE, FUTURE),
    "valid": (PAST, FUTURE, FUTURE),
    "over": (PAST, PAST, PAST),
    "cut short": (PAST, FUTURE, PAST),
    "prolonged": (PAST, PAST, FUTURE),
}
CHANGES = {
    **{time: {"time": time} for time in TIMES},
    "revoke": {"is_revoked": True},
    "sign in, stranger": {"session": "stranger"},
    "sign out": {"session": "nobody"},
}
CHANGES_OF_OWNER = {
    "sign in, owner": {"session": "owner"},
    "close": {"is_open": False},
    "close by UPDATE": {"is_open": False},  # which sends no signal
    "reopen": {"is_open": True},
    "change password": {"is_changed": True},
}


def possible(mode, now):
    """Every visit, and the changes that would change something. A token of mode NONE has no owner."""
    changes = CHANGES if mode == NONE else CHANGES | CHANGES_OF_OWNER
    yield from VISITS
    for event, new in changes.items():
        if now._replace(**new) != now and (event != "sign in, owner" or now.is_open):
            yield event


def contract(mode, max_uses, now, event):
    """What the visitor sees, and the state afterwards."""
    has_expired = now.time in ("over", "cut short")
    if event not in VISITS:
        after = now._replace(**(CHANGES | CHANGES_OF_OWNER)[event])
        if event == "change password" and now.session == "owner":
            after = after._replace(session="nobody")
        # The sign-in links of an account that is saved closed do not wake up when it is opened again.
        is_saved_closed = event in ("close", "change password") and not after.is_open
        if is_saved_closed and mode == SESSION and not now.uses and not has_expired:
            after = after._replace(is_revoked=True)
        return "", after

    view, method, asks, purpose, link = VISITS[event]
    is_for_owner, may_act = mode != NONE, view != "undeclared"
    stays = [
        ("405", view == "only-post" and method != "POST"),
        ("invalid", link == "forged"),
        ("unknown", link == "another's"),
        ("scope", view == "mixin-argument"),
        ("revoked", now.is_revoked),
        ("expired", has_expired),
        ("not_yet_valid", now.time == "early"),
        ("used_up", now.uses == max_uses),
        ("expired", now.time == "prolonged"),
        (f"view, {now.visitor}", not may_act),
        ("inactive_user", is_for_owner and not now.is_open),
        ("user_changed", mode == SESSION and now.is_changed),
        ("wrong_user", is_for_owner and now.visitor == "stranger" and view != "any-session"),
        ("page", (asks or (asks is None and mode == SESSION)) and method in ("GET", "HEAD")),
        ("204", method in ("HEAD", "OPTIONS")),
        ("425", purpose),
    ]
    for seen, applies in stays:
        if applies:
            return seen, now

    used = now._replace(uses=now.uses + 1)
    seen = {"raises": "500", "answers/404": "404"}.get(view, f"view, {'owner' if is_for_owner else now.visitor}")
    if mode == SESSION:
        return seen, now if view == "raises" else used._replace(session="owner")
    return seen, now if view in ("raises", "answers/404", "releases") else used


class World:
    """A new link, its owner, a stranger and a browser."""

    def __init__(self, mode, max_uses):
        self.owner, self.stranger = make_user("owner"), make_user("stranger")
        user = None if mode == NONE else self.owner
        token = RequestToken.objects.create_token(scope="test", login_mode=mode, max_uses=max_uses, user=user)
        self.link, self.rows = token.jwt(), RequestToken.objects.filter(pk=token.pk)
        self.browser = Client(raise_request_exception=False)

    @contextmanager
    def as_it_was(self):
        """Afterwards all is as it was before, in the database and in the browser."""
        link, cookies = self.link, copy.deepcopy(self.browser.cookies)
        with undone():
            yield
        self.link, self.browser.cookies = link, cookies

    def happen(self, event):
        """Let it happen. Returns what a visitor sees of it."""
        if event in VISITS:
            return self.visit(VISITS[event])
        owners = type(self.owner).objects.filter(pk=self.owner.pk)
        owner = owners.get()
        match event:
            case "revoke":
                self.rows.get().revoke()
            case "sign in, stranger":
                self.browser.force_login(self.stranger)
            case "sign in, owner":
                self.browser.force_login(owner)
            case "sign out":
                self.browser.logout()
            case "close" | "reopen":
                owner.is_active = event == "reopen"
                owner.save()
            case "close by UPDATE":
                owners.update(is_active=False)
            case "change password":
                owner.set_password("another")
                owner.save()
            case time:
                nbf, exp_of_link, exp_of_row = TIMES[time]
                self.rows.update(not_before_time=nbf, expiration_time=exp_of_link)
                self.link = self.rows.get().jwt()
                self.rows.update(expiration_time=exp_of_row)
        return ""

    def visit(self, visit):
        # Signed once for another row that had this id; and the same claims under a signature that is not theirs.
        anothers = signing.encode({**self.rows.get().claims, "iat": 0})
        forged = ".".join([*anothers.split(".")[:-1], self.link.split(".")[-1]])
        link = {"its own": self.link, "another's": anothers, "forged": forged}[visit.link]
        url, headers = f"/{visit.view}/?rt={link}", {"Sec-Purpose": visit.purpose}
        response = self.browser.generic(visit.method, url, headers=headers)
        if response.status_code == 403:
            return response.context["error"].code
        if response.status_code != 200:
            return str(response.status_code)
        return "page" if response.templates else f"view, {user_in(response)}"

    def look(self):
        """The row's uses and revocation, and who is signed in."""
        [(uses, revoked_at)] = self.rows.values_list("used_to_date", "revoked_at")
        return uses, revoked_at is not None, user_in(self.browser.get("/undeclared/"))


def make_user(name):
    model, address = get_user_model(), f"{name}@example.com"
    return model.objects.create_user(**{model.USERNAME_FIELD: address, "email": address})


def user_in(response):
    return (response.json()["user"] or "nobody").partition("@")[0]


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@undone()
def explore(mode, max_uses, *, depth=None):
    """The number of states and of transitions, and the first disagreements, in histories of up to ``depth`` events."""
    world, histories, queue = World(mode, max_uses), {State(): ()}, deque([State()])
    transitions, disagreements = 0, []
    # No further than the first state in which they disagree: what goes wrong there goes wrong in all that follows.
    while queue and not disagreements:
        now = queue.popleft()
        with world.as_it_was():
            for event in histories[now]:
                world.happen(event)
            for event in possible(mode, now):
                with world.as_it_was():
                    got = world.happen(event), *world.look()
                seen, after = contract(mode, max_uses, now, event)
                expected, history = (seen, after.uses, after.is_revoked, after.visitor), (*histories[now], event)
                transitions += 1
                if got != expected:
                    disagreements.append(f"{mode}, {max_uses}: {' > '.join(history)}: {got}, not {expected}")
                if after not in histories and after.uses <= (max_uses or 1) and len(history) != depth:
                    histories[after] = history
                    queue.append(after)
    return len(histories), transitions, disagreements


def disagreements(kinds=SINGLE_USE, *, depth=3):
    """Where the app does not do what the contract says, found within seconds: for whoever breaks the app to see it."""
    return [text for kind in kinds for text in explore(*kind, depth=depth)[-1]]
