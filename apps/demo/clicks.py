"""
What is kept of a request with a token: what it was asked, what it did, what that cost. No token: statements have no
parameters, addresses no query.
"""

import re
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import django
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.tokens import statements
from apps.tokens.exceptions import TokenError
from apps.tokens.explain import Explanation, Step
from apps.tokens.models import RequestToken

KEPT = 20


@dataclass(frozen=True)
class Statement:
    sql: str
    """Without quotes, and of many columns only that there are."""
    milliseconds: float
    place: str
    """File and line of the project's code that asked for it; of Django's where the project had no part in it."""


@dataclass
class Click:
    """One request with a token."""

    method: str
    path: str
    id: str = field(default_factory=lambda: uuid4().hex)
    at: datetime = field(default_factory=timezone.now)
    explanation: Explanation | None = None
    statements: list[Statement] = field(default_factory=list)
    status: int = 0
    answer: str = ""
    reason: str = ""
    """Why it was refused: the code of a TokenError, or "csrf"."""
    uses: str = ""
    visitor: str = ""
    error: TokenError | None = None
    is_kept: bool | None = None
    """Of the use that was taken; None if none was."""

    @property
    def milliseconds(self) -> float:
        return sum(statement.milliseconds for statement in self.statements)

    def measure(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """For ``connection.execute_wrapper``."""
        begun = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.statements.append(Statement(_shortened(sql), (perf_counter() - begun) * 1000, _place()))


# Of this process.
last_clicks: deque[Click] = deque(maxlen=KEPT)


def finish(click: Click, found: Explanation, request: HttpRequest, response: HttpResponse) -> None:
    """Add what followed the questions, in the order in which it follows: button, use, person, answer."""
    click.status, click.answer = response.status_code, _answer(response)
    if click.error is not None:
        click.reason = click.error.code
    elif response.status_code == 403 and click.method == "POST" and not hasattr(request, "csrf_processing_done"):
        click.reason = "csrf"
        no = _("No. Django refuses it before any token is looked at.")
        found = click.explanation = Explanation(token=found.token)
        found.steps.append(Step(_("Does the form carry its CSRF token?"), no, is_refusal=True))
    token = found.token
    if token is not None:
        after = RequestToken.objects.filter(pk=token.pk).values_list("used_to_date", flat=True).first()
        click.uses = change(token.used_to_date, _("deleted") if after is None else after)
        if found.error is None and not click.reason:
            _add_deed(click, found, token)
    if click.error is not None and found.error is None:
        # A page's own function, or somebody who was faster.
        found.refuse(_("Is it accepted, when it comes to it?"), click.error)
    found.add(_("What is answered?"), click.answer)
    click.visitor = change(click.visitor, name_of(user_of(request)))


def _add_deed(click: Click, found: Explanation, token: RequestToken) -> None:
    question = _("Is a use taken?")
    if click.is_kept is None:
        if click.method in ("HEAD", "OPTIONS", "TRACE"):
            found.add(question, _("No: %(method)s looks and does nothing.") % {"method": click.method})
        elif click.status == 425:
            found.add(question, _("No: the browser only prepares the page."))
        elif click.method == "GET" and not found.outcome:
            found.add(_("Does a button come first?"), _("Yes. Nothing has happened; the press takes a use."))
        return
    if not click.is_kept:
        found.add(question, _("Yes, and given back: the page could not do its work."))
        return
    one_of = _("Yes: %(number)s of %(most)s.") % {"number": token.used_to_date + 1, "most": token.max_uses}
    found.add(question, _("Yes. This link has any number.") if token.max_uses is None else one_of)
    found.add(
        _("Who acts?"),
        {
            token.LoginMode.NONE: _("The visitor: the link brings data, and no name."),
            token.LoginMode.REQUEST: _("%(user)s, for this request only."),
            token.LoginMode.SESSION: _("%(user)s, signed in from now on."),
        }[token.LoginMode(token.login_mode)]
        % {"user": token.user},
    )


def change(before: Any, after: Any) -> str:
    """Such as "0 → 1"; one of them where nothing has changed."""
    return str(before) if before == after else f"{before} → {after}"


def _answer(response: HttpResponse) -> str:
    status = response.status_code
    if "Location" in response.headers:
        return _("%(status)s, to %(path)s.") % {"status": status, "path": urlsplit(response.headers["Location"]).path}
    return f"{status} {HTTPStatus(status).phrase}."


def name_of(user: Any) -> str:
    return str(user) if user.is_authenticated else _("nobody")


def user_of(request: HttpRequest) -> Any:
    return user_of_session(request.session.session_key)


def user_of_session(session_key: str | None) -> Any:
    """The user of this session, read apart from the request that is under way."""
    asked = HttpRequest()
    asked.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(asked)


def _shortened(sql: str) -> str:
    return re.sub(r"^SELECT (?:[^,]+, ){3,}.+? FROM ", "SELECT … FROM ", re.sub('["`]', "", sql))


DJANGO = Path(django.__file__).parent
BETWEEN_MIDDLEWARES = (str(DJANGO / "core" / "handlers"), str(DJANGO / "utils" / "deprecation.py"))
# Three functions share it; which of them it was says more.
RUNS_ANY_STATEMENT = statements.Statement.run.__code__
DATABASE = (str(DJANGO / "db"), __file__)


def _place() -> str:
    """Where the statement that runs now was asked for."""
    frame: FrameType | None = sys._getframe(1)
    nearest = ""
    while frame is not None:
        file = frame.f_code.co_filename
        path = Path(file)
        # Up to the next middleware: its call of the next one has asked for nothing.
        if file.startswith(BETWEEN_MIDDLEWARES):
            break
        is_ours = file != __file__ and frame.f_code is not RUNS_ANY_STATEMENT
        if is_ours and path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts:
            return f"{path.relative_to(settings.BASE_DIR)}:{frame.f_lineno}"
        if not nearest and path.is_relative_to(DJANGO) and not file.startswith(DATABASE):
            nearest = f"{path.relative_to(DJANGO.parent)}:{frame.f_lineno}"
        frame = frame.f_back
    return nearest
