"""django-request-token, set up as its README says. Import this only where it is installed."""

from datetime import datetime

from django.contrib.auth.models import User
from request_token.decorators import use_request_token
from request_token.models import RequestToken
from request_token.utils import DEFAULT_DECODE_OPTIONS

from bench.by_hand import page

MIDDLEWARE = "request_token.middleware.RequestTokenMiddleware"

# PyJWT 2.10 and later refuse its numeric "jti"; without this it admits nothing.
DEFAULT_DECODE_OPTIONS["verify_jti"] = False

view = use_request_token(scope="bench", required=True)(page)


def link(*, login_mode: str, user: User | None, max_uses: int, expiration_time: datetime) -> str:
    """The query string of a link to the view."""
    token = RequestToken.objects.create_token(
        scope="bench", login_mode=login_mode, user=user, max_uses=max_uses, expiration_time=expiration_time
    )
    return f"rt={token.jwt()}"
