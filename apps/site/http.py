"""
Requests as views know them, for their signatures.

``User`` is whatever AUTH_USER_MODEL names. No app but apps.accounts has to import the class for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url

from apps.tokens.decorators import TokenRequest

if TYPE_CHECKING:
    # The name by which django-stubs knows the user model of a project; there is no public one.
    from django.contrib.auth.models import _User

User: TypeAlias = "_User"


class UserRequest(HttpRequest):
    """Somebody is signed in: what a view under ``login_required`` gets."""

    user: User


class UserTokenRequest(TokenRequest):
    """A link acts for its user: what a view gets that requires a token of mode REQUEST or SESSION."""

    user: User


def see_other(to: str) -> HttpResponseRedirect:
    """303, to a view's name or a path: what answers a POST that has done its work (RFC 9110, section 15.4.4)."""
    return HttpResponseRedirect(resolve_url(to), status=303)
