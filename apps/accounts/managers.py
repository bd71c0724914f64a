from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager
from django.db import IntegrityError, transaction
from django.utils import timezone

if TYPE_CHECKING:
    from apps.accounts.models import User


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new user, saved. Without a password the account opens only by a link in an email."""
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_or_create_by_email(self, email: str, **fields: Any) -> tuple[User, bool]:
        """The account of that address, and whether it is new. A new one has no password."""
        found = self.filter(email=email).first()
        if found is not None:
            return found, False
        try:
            with transaction.atomic(using=self.db):
                return self.create_user(email, **fields), True
        except IntegrityError:
            # Somebody else has made it since the look above.
            return self.get(email=email), False

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new user with every permission, for ``manage.py createsuperuser``."""
        # Whoever may run this vouches for the address, so the first sign-in by link leaves the password.
        fields = {"is_staff": True, "is_superuser": True, "address_proven_at": timezone.now(), **fields}
        if not (fields["is_staff"] and fields["is_superuser"]):
            raise ValueError("A superuser needs is_staff=True and is_superuser=True.")
        return self.create_user(email, password, **fields)
