"""Load as ``request_token``: carry the token on through a form or a link."""

from typing import Any

from django import template
from django.utils.html import format_html

from ..conf import token_settings
from ..models import RequestToken

register = template.Library()


@register.simple_tag(takes_context=True)
def request_token(context: template.Context) -> str:
    """A hidden field with the token of this request; nothing if there is none."""
    request = getattr(context, "request", None) or context.get("request")
    token = getattr(request, "token", None)
    if token is None:
        return ""
    name = token_settings.REQUEST_TOKEN_QUERYSTRING
    return format_html('<input type="hidden" name="{}" value="{}">', name, token.jwt())


@register.simple_tag
def tokenise(url: Any, token: RequestToken | None) -> str:
    """The URL with the token added; without a token the URL as it is."""
    return token.tokenise(str(url)) if token else str(url)
