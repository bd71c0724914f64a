"""
Why a link was refused: one tree, one leaf per reason.

``code`` goes into logs and RequestTokenLog; ``title``, ``message`` and ``fact`` onto the page for the visitor. Every
leaf is a PermissionDenied, so a project that lets one escape still answers 403.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOMENTS_AGO = timedelta(minutes=2)


class TokenError(PermissionDenied):
    """A link that is not honored. Catch this to catch every reason."""

    token: Any
    code: str = "refused"
    title: str | Promise = _("This link cannot be used")
    message: str | Promise = _("Ask for another one.")
    # The sentence that ``at`` makes, as in "It expired on %(time)s."
    when: str | Promise = ""

    def __init__(self, detail: str = "", *, at: datetime | None = None) -> None:
        # The detail is for developers and logs; never shown to a visitor and never made of a token.
        super().__init__(detail or self.code)
        # The row is known once the link is found genuine, and then the refusal goes on its record.
        self.at, self.token, self.is_on_record = at, None, False

    @property
    def fact(self) -> str:
        """One sentence with the time in it, such as when the link expired; empty if there is none."""
        if self.at is None:
            return ""
        moment = timezone.localtime(self.at) if timezone.is_aware(self.at) else self.at
        return (self.when % {"time": date_format(moment, "DATETIME_FORMAT")}).replace("..", ".")  # "1 p.m."

    @property
    def was_moments_ago(self) -> bool:
        """True if it happened within two minutes: the visitor may be the one whose response got lost on its way."""
        return self.at is not None and timedelta(0) <= datetime.now(self.at.tzinfo) - self.at <= MOMENTS_AGO


class InvalidTokenError(TokenError):
    """Forged, mangled, cut short, or signed for something else. Says nothing about which."""

    code = "invalid"
    title = _("This link is not valid")
    message = _(
        "Perhaps a part of it is missing: please copy all of it again. If that does not help, ask for a new one."
    )


class TokenNotFoundError(TokenError):
    code = "missing"
    title = _("This page needs a link")
    message = _("It opens only with the link that you were sent. Please use that link.")


class UnknownTokenError(TokenError):
    """Genuine, but its row is gone, or belongs to another token by now."""

    code = "unknown"
    title = _("This link is no longer on record")
    message = _("It was deleted. Please ask for a new one.")


class ScopeError(TokenError):
    code = "scope"
    title = _("This link was made for another page")
    message = _("It does not open this one. Please use the link as it was sent.")


class MethodError(TokenError):
    code = "method"
    title = _("This link cannot be used this way")
    message = _("Please open it in a browser and press the button there.")


class RevokedError(TokenError):
    code = "revoked"
    title = _("This link has been withdrawn")
    message = _("It no longer works. Please ask for a new one.")
    when = _("It was withdrawn on %(time)s.")


class ExpiredError(TokenError):
    code = "expired"
    title = _("This link has expired")
    message = _("It worked for a limited time. Please ask for a new one.")
    when = _("It expired on %(time)s.")


class NotYetValidError(TokenError):
    code = "not_yet_valid"
    title = _("This link does not work yet")
    message = _("Please try again later.")
    when = _("It works from %(time)s on.")


class MaxUseError(TokenError):
    code = "used_up"
    title = _("This link has already been used")
    message = _("If you need it again, please ask for a new one.")
    when = _("It was last used on %(time)s.")


class InactiveUserError(TokenError):
    code = "inactive_user"
    title = _("This account is closed")
    message = _("The account that this link belongs to has been closed.")


class UserChangedError(TokenError):
    code = "user_changed"
    title = _("Your account has changed")
    message = _("This link was made before the change and no longer works. Please ask for a new one.")


class WrongUserError(TokenError):
    code = "wrong_user"  # neither account is named to the other
    title = _("This link is for another account")
    message = _("Please sign out, then open the link again.")
