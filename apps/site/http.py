"""
Requests as views know them, for their signatures.

``User`` is whatever AUTH_USER_MODEL names. No app but apps.accounts has to import the class for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.http import HttpRequest

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
