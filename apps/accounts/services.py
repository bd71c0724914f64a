"""What must happen together when somebody signs in, up or out, moves or leaves. Addresses come from a valid form."""

from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import fresh, known, scopes, signals
from apps.accounts.models import User, make_session_mark
from apps.tokens.models import RequestToken


class AddressTakenError(Exception):
    """Somebody has an account with this address by now."""


def sign_up(email: str) -> User:
    """The new user. Raises AddressTakenError."""
    user, created = User.objects.get_or_create_by_email(email, address_proven_at=timezone.now())
    if not created:
        raise AddressTakenError
    return user


def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A receiver of user_logged_in: by a link it runs in the transaction that takes the use."""
    fresh.note_sign_in(request)
    token: RequestToken | None = getattr(request, "token", None)
    is_by_link = token is not None and token.user_id == user.pk and token.login_mode == token.LoginMode.SESSION
    if is_by_link and user.address_proven_at is None:
        _prove_address(user)
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def _prove_address(user: User) -> None:
    # Threat: an account made with somebody else's address and a password, which waits for its owner to sign in by link.
    # The first link ends the password and every session.
    now: dict[str, Any] = {
        "address_proven_at": timezone.now(), "password": make_password(None), "session_mark": make_session_mark(),
    }  # fmt: skip
    if User.objects.filter(pk=user.pk, address_proven_at=None).update(**now):
        vars(user).update(now)
        signals.address_proven.send(User, user=user)


def sign_out_everywhere(user: User, *, but: HttpRequest | None = None) -> None:
    """Ends this user's sessions and outstanding links, and forgets the browsers. One browser may keep its session."""
    with transaction.atomic():
        user.session_mark = make_session_mark()
        user.save(update_fields=["session_mark"])
        links = RequestToken.objects.filter(user=user)
        links.sign_in_links().revoke()
        links.filter(scope=scopes.CHANGE_ADDRESS).revoke()
        user.known_browsers.exclude(digest=known.digest_of(but) if but else "").delete()
    if but is not None:
        update_session_auth_hash(but, user)


def change_address(user: User, *, old: str, new: str) -> None:
    """Gives the account another address, which has been confirmed. Raises AddressTakenError."""
    mark = make_session_mark()
    try:
        with transaction.atomic():
            # A link of before the last change moves nothing.
            moved = User.objects.filter(pk=user.pk, email=old).update(
                email=new, session_mark=mark, address_proven_at=timezone.now()
            )
    except IntegrityError:
        raise AddressTakenError from None
    if not moved:
        raise AddressTakenError
    user.email, user.session_mark = new, mark


def delete_account(user: User) -> None:
    """Deletes the account with its links and their log, and every link that carries its address."""
    with transaction.atomic():
        user.delete()
        RequestToken.objects.filter(data__email=user.email).delete()
