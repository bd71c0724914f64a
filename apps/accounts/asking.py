"""
The browser that asks for a link: what it is given to keep, and how its link is told from one that another asked for.

Every sending of the form writes the same rows and sets the same cookie, whoever's address it is.
"""

from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts import known, scopes, tasks
from apps.accounts.models import SignInRequest, User
from apps.site import cookies
from apps.site.browsers import user_agent_of
from apps.site.emails import MailNotSentError
from apps.site.http import see_other
from apps.site.limits import allow_email, give_back_email
from apps.site.tasks import has_failed
from apps.tokens import signing
from apps.tokens.exceptions import InvalidTokenError
from apps.tokens.models import RequestToken

SIGNUP_LINK_MINUTES = 60
COOKIE = "asked"


def ask(request: HttpRequest, address: str, *, next_path: str = "") -> HttpResponse:
    """
    Has an email sent: a sign-in link if the address is known, a sign-up link if not. The redirect to the waiting page.

    Raises MailNotSentError.
    """
    browser = known.digest_for(request, address)
    is_silent = not allow_email(address, browser=browser)
    response = see_other("accounts:login_sent")
    digest = cookies.keep_secret(response, COOKIE, max_age=60 * SIGNUP_LINK_MINUTES)
    # Threat: an answer that tells who has an account, or who is asked for too often. All ways take the same queries,
    # the same task and the same cookie.
    with transaction.atomic():
        user = User.objects.filter(email=address).first()
        token = login_token(user, next_path) if user else _signup_token(address, next_path)
        asked = SignInRequest.objects.create(
            token=token, browser_digest=digest, user_agent=user_agent_of(request), is_silent=is_silent
        )
    if has_failed(tasks.send_link.enqueue(asked.pk)):
        give_back_email(request, address, browser=browser)
        raise MailNotSentError
    return response


def login_token(user: User, next_path: str = "") -> RequestToken:
    """A new token that signs this user in."""
    return RequestToken.objects.create_token(
        scope=scopes.LOGIN, login_mode=RequestToken.LOGIN_MODE_SESSION, user=user, data={"next": next_path}
    )


def asked_here(request: HttpRequest, token: RequestToken) -> bool:
    """True in the browser that asked for this very token."""
    # Threat: a link that somebody else asked for, opened here. The cookie is bound to one request, not to a person.
    digest = cookies.digest_of(request, COOKIE)
    return bool(digest) and SignInRequest.objects.filter(token=token, browser_digest=digest).exists()


def confirm_elsewhere(request: HttpRequest, token: RequestToken) -> bool | str:
    """For ``use_request_token(confirm=...)``: no page where the link was asked for, a page with a button elsewhere."""
    return False if asked_here(request, token) else "accounts/login_confirm.html"


def request_of(request: HttpRequest) -> SignInRequest | None:
    """What this browser asked for last."""
    digest = cookies.digest_of(request, COOKIE)
    if not digest:
        return None
    return SignInRequest.objects.select_related("token__user").filter(browser_digest=digest).first()


def address_behind(jwt: str) -> str:
    """The address that this link of ours was sent to, however old or used it is; empty for any other link."""
    try:
        claims = signing.verify(jwt)
    except InvalidTokenError:
        return ""
    token = RequestToken.objects.select_related("user").filter(pk=claims["jti"], scope__in=LINK_SCOPES).first()
    # As the app does: an id that was given out anew is another token.
    if token is None or any(claims.get(name) != value for name, value in token.identity_claims.items()):
        return ""
    return token.user.email if token.user else str(token.data.get("email", ""))


LINK_SCOPES = [scopes.LOGIN, scopes.SIGNUP]


def _signup_token(address: str, next_path: str) -> RequestToken:
    return RequestToken.objects.create_token(
        scope=scopes.SIGNUP,
        login_mode=RequestToken.LOGIN_MODE_NONE,
        data={"email": address, "next": next_path},
        expiration_time=timezone.now() + timedelta(minutes=SIGNUP_LINK_MINUTES),
    )
