from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.fields import LowercaseEmailField
from apps.accounts.managers import UserManager


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with an e-mail address. Passwords are for the admin; everybody else signs in by link."""

    email = LowercaseEmailField(
        _("e-mail address"),
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
