"""The subjects of the emails; their words are in templates/accounts/mail/."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.code import code_of
from apps.accounts.models import KnownBrowser, SignInRequest
from apps.site.emails import link_email, text_email
from apps.tokens.mail import LinkEmail
from apps.tokens.models import RequestToken


def sign_in(asked: SignInRequest) -> LinkEmail:
    """The email with a link and a code: to sign in, or for a new reader to sign up."""
    is_new = asked.token.user is None
    return _email(
        "signup" if is_new else "login",
        asked.token,
        subject=_with_name(_("Your link to join %s") if is_new else _("Your link to sign in to %s")),
        to=asked.address,
        url_name="accounts:signup" if is_new else "accounts:login_link",
        asked=asked,
        code=code_of(asked),
    )


def new_browser(browser: KnownBrowser, token: RequestToken) -> LinkEmail:
    """The notice of a sign-in from a browser never seen before."""
    return _email(
        "new_browser",
        token,
        subject=_with_name(_("A new browser signed in to %s")),
        to=browser.user.email,
        url_name="accounts:not_me",
        browser=browser,
    )


def confirm_address(token: RequestToken) -> LinkEmail:
    """To the new address of an account."""
    return _email(
        "confirm_address",
        token,
        subject=_with_name(_("Confirm your new address at %s")),
        to=token.data["email"],
        url_name="accounts:confirm_address",
    )


def address_changed(old: str) -> LinkEmail:
    """To the old address of an account, without the new one."""
    return text_email("accounts/mail/address_changed", subject=_with_name(_("Your address at %s was changed")), to=old)


def _email(name: str, token: RequestToken, **context: Any) -> LinkEmail:
    assert token.expiration_time is not None  # noqa: S101  # as each of them has
    minutes = round((token.expiration_time - token.issued_at).total_seconds() / 60)
    return link_email(f"accounts/mail/{name}", token=token, minutes=minutes, **context)


def _with_name(text: str) -> str:
    return text % settings.SITE_NAME
