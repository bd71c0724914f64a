"""
Take a use of a token before the view, and settle it after: kept, or given back, and put on record.

For a token that signs in, used and signed in are one act: whatever fails or is cut off in it, the link works as before.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.db import DatabaseError, Error, InterfaceError, OperationalError, connections, router, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from . import audit, identity, statements
from .exceptions import MaxUseError, TokenError, UnknownTokenError
from .models import RequestToken
from .rules import Pass

logger = logging.getLogger(__name__)


def take(request: HttpRequest, token: RequestToken) -> Use:
    """A use of this token, and its user on the request from here on. Raises the TokenError if there is none left."""
    use = Use(token, router.db_for_write(RequestToken))
    if use.signs_in:
        _sign_in(request, use)
    else:
        _claim_or_give_back(use)
        if token.user is not None:
            identity.act_as(request, token.user)
    logger.debug("took a use token=%s", token.pk)
    token.used_to_date, token.last_used_at, token.use = token.used_to_date + 1, use.taken_at, use
    return use


class Use(Pass):
    """One use of a token, taken for this request."""

    def __init__(self, token: RequestToken, alias: str) -> None:
        self.token, self.alias, self.taken_at = token, alias, timezone.now()
        self.signs_in = token.login_mode == token.LoginMode.SESSION
        self.is_released = False
        self.session_before: Any = None

    def release(self) -> bool:
        """``RequestToken.release``."""
        # Given back when the view has answered: what it does in a transaction may be rolled back.
        self.is_released = not self.signs_in
        return self.is_released

    def after_view(self, request: HttpRequest, response: HttpResponseBase | None, *, has_left: bool) -> None:
        """Give back a use that came to nothing, hand out the session of one that signed in, and record the outcome."""
        status_code = None if response is None else response.status_code
        is_kept = not self._came_to_nothing(status_code, has_left=has_left)
        try:
            if is_kept and self.signs_in and response is not None:
                identity.hand_out_session(request)
        except BaseException:
            is_kept = False
            raise
        finally:
            if not is_kept:
                self.give_back(request)
            audit.record_admission(request, self.token, status_code, is_kept=is_kept)

    def give_back(self, request: HttpRequest) -> None:
        """The use, and for one that signed in also the session."""
        logger.debug("given back token=%s", self.token.pk)
        _give_back(self.alias, self.token.pk)
        if self.signs_in:
            identity.put_back(request, self.session_before)

    def _came_to_nothing(self, status_code: int | None, *, has_left: bool) -> bool:
        if self.is_released:
            return True
        # Threat: a visitor who hangs up to use the link again. The view may have acted: the use is spent.
        if status_code is None:
            return not (has_left and self.has_entered)
        if not self.has_entered:
            # Somebody else answered in the view's place: a cache, a page that asks to sign in first, a decorator
            # that refuses the method.
            return status_code >= 400 or not self.signs_in
        # Below 500 the session is handed out, whatever else the view answered.
        return status_code >= (500 if self.signs_in else 400)


def _claim(use: Use) -> None:
    if not statements.take_use(use.alias, use.token.pk, use.taken_at):
        raise _reason_now(use)


def _reason_now(use: Use) -> TokenError:
    # Somebody was faster: the row knows by now what to say.
    fresh = statements.read(use.alias, use.token.pk)
    if fresh is None:
        return UnknownTokenError()
    try:
        fresh.check_usable()
        fresh.check_user()
    except TokenError as error:
        return error
    # The use was given back in this moment.
    return MaxUseError(at=fresh.last_used_at)


def _claim_or_give_back(use: Use) -> None:
    try:
        _claim(use)
    except Error:
        # Threat: the answer of the UPDATE is lost with its connection, the link used up and the view not run. Nobody
        # else has taken a use in this very microsecond.
        _give_back(use.alias, use.token.pk, last_used_at=use.taken_at)
        raise


def _sign_in(request: HttpRequest, use: Use) -> None:
    try:
        _sign_in_once(request, use)
    # A deadlock or a lost connection, which the session makes an UpdateError of. Nothing of it has happened, so it can
    # be tried once more.
    except (OperationalError, InterfaceError, UpdateError):
        if connections[use.alias].in_atomic_block:
            raise
        _sign_in_once(request, use)


def _sign_in_once(request: HttpRequest, use: Use) -> None:
    is_one_transaction, is_claimed = identity.saves_sessions_in(request, use.alias), False
    use.session_before = identity.session_now(request)
    try:
        # Not the view's transaction: the session cookie is sent whatever becomes of that one.
        with transaction.atomic(using=use.alias):
            _claim_for_account(use)
            if is_one_transaction:
                identity.sign_in(request, use.token.user)
        is_claimed = True
        if not is_one_transaction:
            # A session elsewhere does not roll back: it is saved when the use is committed.
            identity.sign_in(request, use.token.user)
    except BaseException as error:
        # Rolled back, or committed already: a session elsewhere, a hook after the commit, a lost answer to it.
        is_given_back = _give_back(use.alias, use.token.pk, last_used_at=use.taken_at)
        identity.put_back(request, use.session_before, is_saved=is_given_back)
        if is_claimed and not is_given_back and isinstance(error, DatabaseError):
            raise UnknownTokenError from error  # deleted meanwhile, with its user
        raise


def _claim_for_account(use: Use) -> None:
    token = use.token
    # The account first, so that two links of one person wait for each other here: the second finds itself revoked.
    if not identity.hold_account(use.alias, token.user):
        raise _reason_now(use)
    _claim(use)
    others = RequestToken.objects.using(use.alias).filter(user=token.user, scope=token.scope).exclude(pk=token.pk)
    others.sign_in_links().revoke(reason=RequestToken.RevokedReason.SUPERSEDED)


def _give_back(alias: str, pk: int, **taken: Any) -> bool:
    connection, tokens = connections[alias], RequestToken.objects.using(alias)
    if connection.needs_rollback:  # the transaction around us takes the use back with it
        return False
    try:
        return tokens.give_back(pk, **taken)
    except Error:
        # The connection was lost, in the view or just now: a new one can still do it.
        if connection.in_atomic_block:
            raise
        connection.close_if_unusable_or_obsolete()
        return tokens.give_back(pk, **taken)
