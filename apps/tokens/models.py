"""
RequestToken: one link, what it may do, for whom, how often and how long.
RequestTokenLog: what was decided each time somebody used it.

The link itself, a working JWT, is never stored: ``jwt()`` makes it again from the row.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import links, signing, validation
from .counting import CountedModel
from .exceptions import InactiveUserError, MaxUseError, RevokedError, UserChangedError
from .querysets import RequestTokenQuerySet
from .user_state import user_state


class RequestToken(CountedModel):
    class LoginMode(models.TextChoices):
        NONE = "None", _("Nobody is signed in")
        REQUEST = "Request", _("Acts as the user for one request")
        SESSION = "Session", _("Signs the user in")

    LOGIN_MODE_NONE = LoginMode.NONE
    LOGIN_MODE_REQUEST = LoginMode.REQUEST
    LOGIN_MODE_SESSION = LoginMode.SESSION

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        related_name="request_tokens",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text=_("Whom the link acts for; nobody in mode None."),
    )
    scope = models.CharField(
        _("scope"), max_length=100, help_text=_("What the link is for: the views that declare the same scope take it.")
    )
    login_mode = models.CharField(_("login mode"), max_length=10, choices=LoginMode.choices, default=LoginMode.NONE)
    data = models.JSONField(
        _("data"), default=dict, blank=True, help_text=_("Payload for the view. Stays here; never part of the link.")
    )
    issued_at = models.DateTimeField(_("issued at"), default=timezone.now, editable=False)
    not_before_time = models.DateTimeField(_("not before"), null=True, blank=True)
    expiration_time = models.DateTimeField(_("expires at"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(
        _("maximum uses"), default=1, null=True, blank=True, help_text=_("Empty: as often as one likes.")
    )
    used_to_date = models.PositiveIntegerField(_("used to date"), default=0, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    user_state = models.CharField(max_length=64, blank=True, editable=False)

    objects = RequestTokenQuerySet.as_manager()

    counts = ("used_to_date", "revoked_at")

    # About the current request only; see admission.py.
    is_claimed = False
    is_released = False

    class Meta:
        verbose_name = _("request token")
        verbose_name_plural = _("request tokens")
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.prepare()
        super().save(*args, **kwargs)

    def prepare(self) -> None:
        """Fill in what the login mode implies and raise ValidationError for what it forbids."""
        if not self._state.adding:
            raise ValueError(f"{self!r} is saved already.")
        self.clean_fields(exclude={"user"})
        self.clean()
        if self.login_mode == self.LoginMode.SESSION:
            self.user_state = user_state(self.user)

    def clean(self) -> None:
        validation.clean(self)

    @property
    def claims(self) -> dict[str, Any]:
        """What the JWT says (RFC 7519), and ``mod`` and ``max`` of our own; unset ones are absent."""
        claims = {
            "jti": _text(self.pk),
            "sub": self.scope,
            "mod": self.login_mode[0].lower(),
            "max": self.max_uses,
            "aud": _text(self._user_key()),
            "iat": int(self.issued_at.timestamp()),
            **self._time_claims(),
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _time_claims(self) -> dict[str, int]:
        times = {"exp": self.expiration_time, "nbf": self.not_before_time}
        return {name: int(moment.timestamp()) for name, moment in times.items() if moment is not None}

    def _user_key(self) -> Any:
        # In its own type: a UUID may have been given as a text with other hyphens.
        field: Any = self._meta.get_field("user")
        return field.target_field.to_python(self.user_id)

    def jwt(self) -> str:
        """The token itself, to put into a link. Whoever has it, has the permission."""
        if self.pk is None:
            raise ValueError("Save the token before asking for its JWT: the row is what the JWT points to.")
        return signing.encode(self.claims)

    def tokenise(self, url: str) -> str:
        """The URL with this token added; other parameters and the fragment stay as they are."""
        return links.add_token(url, self.jwt())

    def check_usable(self) -> None:
        """Raise the TokenError that says why this token cannot be used now, if it cannot."""
        if self.revoked_at is not None:
            raise RevokedError
        signing.check_times(self._time_claims())
        if self.max_uses is not None and self.used_to_date >= self.max_uses:
            raise MaxUseError

    def check_user(self) -> None:
        """Raise if the user's account no longer stands behind this token."""
        if self.user is None:
            return
        if not self.user.is_active:
            raise InactiveUserError
        # Threat: a sign-in link that outlives the password or the address it was sent to.
        if self.login_mode == self.LoginMode.SESSION and self.user_state != user_state(self.user):
            raise UserChangedError

    def revoke(self) -> None:
        """Withdraw this token now and for good. Touches no other column, so no count is lost."""
        type(self).objects.filter(pk=self.pk).revoke()
        self.refresh_from_db(fields=["revoked_at"])

    def release(self) -> bool:
        """
        Let the use that this request has claimed be given back, as for a form that is shown again.

        True if it will be. Never for SESSION: the visitor is signed in by then. No queries.
        """
        if not self.is_claimed or self.login_mode == self.LoginMode.SESSION:
            return False
        # Done when the view has answered: what it does in a transaction may be rolled back.
        self.is_released = True
        return True


class RequestTokenLog(models.Model):
    """One decision about one token. Holds no token, no URL and no query string."""

    token = models.ForeignKey(RequestToken, verbose_name=_("token"), related_name="logs", on_delete=models.CASCADE)
    reason = models.CharField(_("reason"), max_length=20, help_text=_("“admitted”, or the code of the refusal."))
    status_code = models.PositiveSmallIntegerField(
        _("status code"), null=True, help_text=_("Empty: no answer was sent.")
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


def _text(key: Any) -> str | None:
    return None if key is None else str(key)
