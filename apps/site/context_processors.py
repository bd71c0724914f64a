from email.utils import parseaddr

from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path

from apps.tokens.models import RequestToken


def brand(request: HttpRequest) -> dict[str, str]:
    """``site_name``; ``contact``, whose mailbox it is; ``canonical_url``, the page's own address without any query."""
    # Threat: a forged Host header, and a token in the query. The host is that of SITE_URL, and the path has no token.
    return {
        "site_name": settings.SITE_NAME,
        "contact": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "canonical_url": settings.SITE_URL + escape_uri_path(request.path),
    }


def visitor(request: HttpRequest) -> dict[str, bool]:
    """``acts_by_link``: for this request ``user`` is whom a link acts for, whoever the visitor is signed in as."""
    # Threat: a template that looks for request.token where there is none. At DEBUG Django logs the failed lookup with
    # the address of the request, and the address has a token in it.
    return {"acts_by_link": _acts_by_link(request)}


def _acts_by_link(request: HttpRequest) -> bool:
    token: RequestToken | None = getattr(request, "token", None)
    return token is not None and token.login_mode == RequestToken.LOGIN_MODE_REQUEST and token.use is not None
