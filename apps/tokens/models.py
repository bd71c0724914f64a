"""
RequestToken: one link, what it may do, for whom, how often and how long.
RequestTokenLog: what was decided each time somebody used it.

The link itself, a working JWT, is never stored: ``jwt()`` makes it again from the row.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import links, signing
from .ancestor import IMPORTED
from .conf import token_settings
from .exceptions import InactiveUserError, MaxUseError, RevokedError, UserChangedError
from .querysets import RequestTokenQuerySet


class RequestToken(models.Model):
    class LoginMode(models.TextChoices):
        NONE = "None", _("Nobody is signed in")
        REQUEST = "Request", _("Acts as the user for one request")
        SESSION = "Session", _("Signs the user in")

    class RevokedReason(models.TextChoices):
        BY_HAND = "by_hand", _("Revoked by hand")
        SUPERSEDED = "superseded", _("A newer sign-in ended it")
        ACCOUNT_CLOSED = "account_closed", _("The account was closed")

    LOGIN_MODE_NONE = LoginMode.NONE
    LOGIN_MODE_REQUEST = LoginMode.REQUEST
    LOGIN_MODE_SESSION = LoginMode.SESSION

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text=_("The user the link acts for. Must be empty in mode None."),
    )
    scope = models.CharField(
        _("scope"), max_length=100, help_text=_("What the link is for. Only views of the same scope accept it.")
    )
    login_mode = models.CharField(_("login mode"), max_length=10, choices=LoginMode.choices, default=LoginMode.NONE)
    data = models.JSONField(
        _("data"), default=dict, blank=True, help_text=_("Payload for the view. Stays here; never part of the link.")
    )
    issued_at = models.DateTimeField(_("issued at"), default=timezone.now, editable=False)
    not_before_time = models.DateTimeField(_("not before"), null=True, blank=True)
    expiration_time = models.DateTimeField(_("expires at"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(
        _("maximum uses"), default=1, null=True, blank=True, help_text=_("Leave empty for no limit.")
    )
    used_to_date = models.PositiveIntegerField(_("used to date"), default=0, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        verbose_name=_("revoked by"),
        null=True,
        editable=False,
    )
    revoked_reason = models.CharField(
        _("reason for revoking"), max_length=20, choices=RevokedReason.choices, blank=True, editable=False
    )
    account_fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    objects = RequestTokenQuerySet.as_manager()

    # The use that the current request has taken; uses.py puts it here.
    use: Any = None

    class Meta:
        verbose_name = _("request token")
        verbose_name_plural = _("request tokens")
        permissions = [("issue_requesttoken", "Can issue request token")]
        constraints = [
            models.CheckConstraint(name="tokens_scope_not_empty", condition=~Q(scope="")),
            models.CheckConstraint(
                name="tokens_mode_none_acts_for_nobody",
                # Not the reverse too, a user for the other modes: where foreign keys cannot be deferred,
                # as on MariaDB, Django empties them on its way to deleting a user's tokens.
                condition=~Q(login_mode="None") | Q(user=None),
            ),
            models.CheckConstraint(
                name="tokens_session_once_and_expiring",
                condition=~Q(login_mode="Session") | Q(max_uses=1, expiration_time__isnull=False),
            ),
            models.CheckConstraint(
                name="tokens_never_overused", condition=Q(max_uses=None) | Q(used_to_date__lte=F("max_uses"))
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.scope}"

    def save(self, **kwargs: Any) -> None:
        """Save all but what is counted in the database; name those columns in ``update_fields`` to mean them."""
        if self._state.adding:
            self.prepare()
        # Threat: a save that writes back an old count or an empty revocation, over what clicks and
        # revoke() have written since the instance was loaded.
        elif kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            left_out = {self._meta.pk.attname, *COUNTED, *self.get_deferred_fields()}
            kwargs["update_fields"] = [f.name for f in self._meta.concrete_fields if f.attname not in left_out]
        super().save(**kwargs)

    def prepare(self) -> None:
        """Fill in what the login mode implies and raise ValidationError for what it forbids."""
        if not self._state.adding:
            raise ValueError(f"{self!r} is saved already.")
        self.clean_fields(exclude={"user"})
        self.clean()
        if self.login_mode == self.LoginMode.SESSION:
            self.account_fingerprint = account_fingerprint(self.user)

    def clean(self) -> None:
        self.data = {} if self.data is None else self.data
        _check_data(self.data)
        for name in ("not_before_time", "expiration_time"):
            moment = getattr(self, name)
            if moment is not None and timezone.is_naive(moment) != timezone.is_naive(self.issued_at):
                raise ValidationError({name: _("The time needs a time zone if USE_TZ is on, and none if it is off.")})
        if self.max_uses == 0:
            raise ValidationError({"max_uses": _("A token needs at least one use. Leave this empty for no limit.")})
        if self.login_mode == self.LoginMode.NONE:
            if self.user_id is not None:
                raise ValidationError({"user": _("A token of mode None acts for nobody: leave the user out.")})
            return
        if self.user_id is None:
            raise ValidationError({"user": _("A token of mode Request or Session needs a user.")})
        if self.login_mode == self.LoginMode.SESSION:
            self._clean_session()

    def _clean_session(self) -> None:
        if self.max_uses != 1:
            raise ValidationError({"max_uses": _("A token of mode Session works once: max_uses must be 1.")})
        latest = self.issued_at + timedelta(minutes=token_settings.REQUEST_TOKEN_EXPIRY)
        self.expiration_time = self.expiration_time or latest
        if self.expiration_time > latest:
            message = _("A token of mode Session must not live longer than REQUEST_TOKEN_EXPIRY minutes.")
            raise ValidationError({"expiration_time": message})

    @property
    def claims(self) -> dict[str, Any]:
        """What the JWT says (RFC 7519), and ``mod`` and ``max`` of our own; unset ones are absent."""
        claims = {**self.identity_claims, "max": self.max_uses, **self._time_claims()}
        return {name: value for name, value in claims.items() if value is not None}

    @property
    def identity_claims(self) -> dict[str, Any]:
        """The claims that say which token this is; None for one that is unset."""
        # In the key's own type: a UUID may have been given as a text with other hyphens.
        user = self.user_id if self.user_id is None else USER.target_field.to_python(self.user_id)
        return {
            "jti": None if self.pk is None else str(self.pk),
            "sub": self.scope,
            "mod": self.login_mode[0].lower(),
            "aud": None if user is None else str(user),
            "iat": int(self.issued_at.timestamp()),
            "src": IMPORTED if self.account_fingerprint == IMPORTED else None,
        }

    def _time_claims(self) -> dict[str, int]:
        times = {"exp": self.expiration_time, "nbf": self.not_before_time}
        return {name: int(moment.timestamp()) for name, moment in times.items() if moment is not None}

    def jwt(self) -> str:
        """The token itself, to put into a link. To have it is to have the permission."""
        if self.pk is None:
            raise ValueError("Save the token before asking for its JWT: the row is what the JWT points to.")
        return signing.encode(self.claims)

    def tokenise(self, url: str) -> str:
        """The URL with this token added; other parameters and the fragment stay as they are."""
        return links.add_token(url, self.jwt())

    def check_usable(self) -> None:
        """Raise the TokenError that says why this token cannot be used now, if it cannot."""
        if self.revoked_at is not None:
            raise RevokedError(at=self.revoked_at)
        signing.check_times(self._time_claims())
        if self.max_uses is not None and self.used_to_date >= self.max_uses:
            raise MaxUseError(at=self.last_used_at)

    def check_user(self) -> None:
        """Raise if the user's account no longer stands behind this token."""
        if self.user is not None and not self.user.is_active:
            raise InactiveUserError
        # Threat: a sign-in link that outlives the password or the address it was sent to.
        if self.login_mode == self.LoginMode.SESSION and self.account_fingerprint != account_fingerprint(self.user):
            raise UserChangedError

    def revoke(self, *, by: Any = None, reason: str = RevokedReason.BY_HAND) -> None:
        """Withdraw this token now and for good. Touches no count, so no use is lost."""
        type(self).objects.filter(pk=self.pk).revoke(by=by, reason=reason)
        self.refresh_from_db(fields=["revoked_at", "revoked_by", "revoked_reason"])

    def release(self) -> bool:
        """
        Let the use that this request has taken be given back, as for a form that is shown again.

        True if it will be. Never for SESSION: the visitor is signed in by then. No queries.
        """
        return self.use is not None and bool(self.use.release())


USER: Any = RequestToken._meta.get_field("user")

# Written by conditional UPDATEs only, behind the back of loaded instances.
COUNTED = ("used_to_date", "last_used_at", "revoked_at", "revoked_by_id", "revoked_reason")


class RequestTokenLog(models.Model):
    """One decision about one token. Holds no token, no URL and no query string."""

    token = models.ForeignKey(RequestToken, verbose_name=_("token"), related_name="logs", on_delete=models.CASCADE)
    # Who was signed in already, if the request had looked.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("user"), related_name="+", null=True
    )
    reason = models.CharField(_("reason"), max_length=20, help_text=_("“admitted”, or the code of the refusal."))
    status_code = models.PositiveSmallIntegerField(
        _("status code"), null=True, help_text=_("Empty if no response was sent.")
    )
    method = models.CharField(_("method"), max_length=10)
    client_ip = models.GenericIPAddressField(_("client address"), null=True, unpack_ipv4=True)
    user_agent = models.CharField(_("user agent"), max_length=500, blank=True)
    timestamp = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("request token log")
        verbose_name_plural = _("request token logs")

    def __str__(self) -> str:
        return f"{self.timestamp:%Y-%m-%d %H:%M:%S} {self.reason}"


def account_fingerprint(user: Any) -> str:
    """A digest of the account's password and address: when either changes, so does this."""
    address = getattr(user, user.get_email_field_name(), "")
    # Not keyed: SECRET_KEY may be rotated while the link is on its way.
    return hashlib.sha256(f"tokens.account\0{user.password}\0{address}".encode()).hexdigest()


def _check_data(data: Any) -> None:
    try:
        text = json.dumps(data, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, TypeError, RecursionError):
        text = "\\u0000"
    # NaN, half a surrogate pair and NUL: some databases keep them, some do not.
    if "\\u0000" in text:
        raise ValidationError({"data": _("The payload must be JSON (RFC 8259) without NUL characters.")})
