"""
Why a link was refused: one tree, one leaf per reason.

``code`` goes into logs and RequestTokenLog, ``message`` onto the page for the visitor. Every leaf
is a PermissionDenied, so a project that lets one escape still answers 403.
"""

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class TokenError(PermissionDenied):
    """A link that is not honoured. Catch this to catch every reason."""

    code: str = "refused"
    message: str | Promise = _("This link cannot be used.")

    def __init__(self, detail: str = "") -> None:
        # For developers and logs; never shown to a visitor and never made of a token.
        super().__init__(detail or self.code)


class InvalidTokenError(TokenError):
    """Forged, mangled, cut short, or signed for something else. Says nothing about which."""

    code = "invalid"
    message = _(
        "This link is not valid. Perhaps a part of it is missing: please copy it once more, from the first "
        "letter to the last. If that does not help, ask for a new one."
    )


class TokenNotFoundError(TokenError):
    """The view needs a token and the request carries none."""

    code = "missing"
    message = _("This page opens only with the link that you were sent. Please use that link.")


class UnknownTokenError(TokenError):
    """Genuine, but its row is gone, or belongs to another token by now."""

    code = "unknown"
    message = _("This link is no longer on record. Please ask for a new one.")


class ScopeError(TokenError):
    """Genuine, but made for another view, or for something else than this view shows."""

    code = "scope"
    message = _("This link was made for another page.")


class RevokedError(TokenError):
    code = "revoked"
    message = _("This link has been withdrawn. Please ask for a new one.")


class ExpiredError(TokenError):
    code = "expired"
    message = _("This link has expired. Please ask for a new one.")


class NotYetValidError(TokenError):
    code = "not_yet_valid"
    message = _("This link does not work yet. Please try again later.")


class MaxUseError(TokenError):
    """Every use that ``max_uses`` allowed is taken."""

    code = "used_up"
    message = _("This link has already been used. If you need it again, please ask for a new one.")


class InactiveUserError(TokenError):
    code = "inactive_user"
    message = _("The account that this link belongs to has been closed.")


class UserChangedError(TokenError):
    """The password or the address has changed since this sign-in link was made."""

    code = "user_changed"
    message = _("Your account has changed since this link was made. Please ask for a new one.")


class WrongUserError(TokenError):
    """Somebody else is signed in. Neither account is named to the other."""

    code = "wrong_user"
    message = _("This link is for another account. Please sign out, then open the link again.")
