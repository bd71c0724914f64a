from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext_lazy as _

from apps.accounts.managers import UserManager
from apps.site.browsers import browser_name
from apps.site.fields import LowercaseEmailField
from apps.tokens.models import RequestToken


def make_session_mark() -> str:
    return get_random_string(32)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with an email address. Passwords are for the admin; everybody else signs in by link."""

    email = LowercaseEmailField(
        _("email address"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("There is an account with this address already.")},
    )
    name = models.CharField(_("name"), max_length=150, blank=True, help_text=_("How other readers see you."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Clear this instead of deleting the account. Its sign-in links die.")
    )
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May open the admin."))
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now)
    # Somebody has opened a link that was sent to the address; before, anybody may have typed it.
    address_proven_at = models.DateTimeField(_("address proven"), null=True, editable=False)
    # A new one ends every session.
    session_mark = models.CharField(max_length=32, default=make_session_mark, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def get_session_auth_hash(self) -> str:
        """What a session must hold to be this user's: another password, address or mark ends it."""
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Any:
        for key in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(key)

    def _session_hash(self, key: str) -> str:
        # Threat: a session that outlives the address, which here is what a password is elsewhere.
        value = f"{self.password}\0{self.email}\0{self.session_mark}"
        return salted_hmac("accounts.session", value, secret=key, algorithm="sha256").hexdigest()


class SignInRequest(models.Model):
    """One sending of the sign-in form: which browser asked for which token."""

    token = models.OneToOneField(RequestToken, models.CASCADE, related_name="asked")
    browser_digest = models.CharField(max_length=64, unique=True)
    # The code in the email is made from it; see code.py.
    nonce = models.CharField(max_length=32, default=make_session_mark)
    user_agent = models.CharField(max_length=500, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # The mailbox has had enough: nothing is sent, and nobody learns that.
    is_silent = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def address(self) -> str:
        """Where the email goes: for a new reader to the address typed, for any other to the one on record."""
        # Threat: the address as typed may reach another mailbox than the one on record.
        return self.token.user.email if self.token.user else str(self.token.data["email"])

    @property
    def browser(self) -> str:
        return browser_name(self.user_agent)


class KnownBrowser(models.Model):
    """A browser in which this person has signed in."""

    user = models.ForeignKey(User, models.CASCADE, related_name="known_browsers")
    digest = models.CharField(max_length=64)
    user_agent = models.CharField(max_length=500, blank=True)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="accounts_known_browser_once")]
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return self.browser

    @property
    def browser(self) -> str:
        return browser_name(self.user_agent)
