"""The state of an account at the moment a sign-in link was made, and what ends the link when it changes."""

from __future__ import annotations

import hashlib
from typing import Any


def user_state(user: Any) -> str:
    """A digest of the password and the address: when either changes, so does this."""
    address = getattr(user, user.get_email_field_name(), "")
    # Not keyed: SECRET_KEY may be rotated while the link is in the mail.
    return hashlib.sha256(f"latchkey.tokens.user_state\0{user.password}\0{address}".encode()).hexdigest()


def revoke_links_of_closed_account(sender: Any, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """A receiver of the user model's post_save."""
    # Threat: a sign-in link that sleeps while the account is closed and works when it is opened again.
    if not raw and not instance.is_active:
        instance.request_tokens.filter(login_mode="Session").revoke()
