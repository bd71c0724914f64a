"""
Addresses that left and must not be written to again, kept without the addresses.

What the hash can do: answer "did this very address leave?" after its account is erased, and answer nobody who has
the table but not the key. What it cannot do: the addresses of the world can be tried one by one by anybody who has
table and key, so it is pseudonymous data, not anonymous data; and it is one spelling, lower case, so "reader+news@" and
"reader@" are two addresses.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from apps.tokens.conf import secret_keys

# Do not change: every row depends on it, and no row can be made again.
KEY_SALT = "newsletter.suppression"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def add(self, address: str) -> None:
        """Puts the address on the list; once more changes nothing."""
        secret = _secrets()[0]
        # One INSERT that ignores a duplicate: two who unsubscribe one address at once do not collide.
        row = self.model(address_hash=_hash(address, secret), key_id=_key_id(secret))
        self.bulk_create([row], ignore_conflicts=True)

    def lift(self, address: str) -> None:
        """Takes the address off the list. Only its owner may ask for that, by a fresh double opt-in."""
        self.of(address).delete()

    def of(self, address: str) -> "SuppressionQuerySet":
        return self.filter(address_hash__in=_hashes(address))

    def find(self, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses that are on the list; one query."""
        owners = {digest: address for address in addresses for digest in _hashes(address)}
        found = self.filter(address_hash__in=owners).values_list("address_hash", flat=True)
        return {owners[digest] for digest in found}

    def unreadable(self) -> "SuppressionQuerySet":
        """Rows written with a key that this site no longer has: they cannot protect anybody."""
        return self.exclude(key_id__in=[_key_id(secret) for secret in _secrets()])


class Suppression(models.Model):
    """One address on the list. Points at no account, so that erasing the account leaves it standing."""

    address_hash = models.CharField(_("hash of the address"), max_length=64, unique=True)
    key_id = models.CharField(_("key"), max_length=8, help_text=_("Tells which key made the hash."))
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"#{self.pk}"


def _secrets() -> list[str | bytes]:
    # Threat: a rotated SECRET_KEY that lets everybody who left be imported again. A hash cannot be made anew under
    # the new key, since the address is gone. So the former keys are asked as well, and SUPPRESSION_KEY, which has
    # no reason to rotate, comes first.
    return [key for key in (settings.SUPPRESSION_KEY, *secret_keys()) if key]


def _hashes(address: str) -> list[str]:
    return [_hash(address, secret) for secret in _secrets()]


def _hash(address: str, secret: str | bytes) -> str:
    """HMAC-SHA256 of the lower-cased address, under a key derived for this table alone."""
    return salted_hmac(KEY_SALT, address.strip().lower(), secret=secret, algorithm="sha256").hexdigest()


def _key_id(secret: str | bytes) -> str:
    return salted_hmac(f"{KEY_SALT}.key", "", secret=secret, algorithm="sha256").hexdigest()[:8]
