"""
Access tokens in requests: ``access_token_required`` declares what one must grant, RequestTokenMiddleware enforces it.

Delete ``access/`` and nothing else of the app notices: only this module and ``backends`` know of requests, and nothing
outside imports them but ``templatetags/access_token.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist, ValidationError
from django.db import DataError, models
from django.http import Http404, HttpRequest, HttpResponse

from ..admission import refuse
from ..conf import token_settings
from ..exceptions import ExpiredError, InvalidTokenError, NotYetValidError, ScopeError, TokenError, TokenNotFoundError
from ..links import replace_parameter
from ..mixins import DeclaringMixin
from ..rules import Callback, Pass, Rule, View, declare, state_of
from . import scope, tokens
from .backends import Grant
from .scope import Scope
from .tokens import Reason

# What the holder of a genuine token may know; any other is not valid, without a word about why.
REFUSALS: dict[Reason, type[TokenError]] = {
    Reason.NOT_YET_VALID: NotYetValidError,
    Reason.EXPIRED: ExpiredError,
    Reason.INSUFFICIENT: ScopeError,
}

Finder = Callable[..., models.Model] | type[models.Model] | None


def access_token_required(
    *permissions: str, obj: Finder = None, state: Callable[[Any], str] | None = None
) -> Callable[[View], View]:
    """
    A decorator for views that open to anybody with an access token for them.

    The token must grant every permission on ``obj``: a model, whose row the URL's arguments name,
    or a function of the request and those arguments; without ``obj``, on everything. ``state``
    makes of the object the text that went into the signature. Anybody else gets a 403, also
    where there is no such object. Inside the view ``request.user`` has what the token grants.
    """
    return declare(AccessRule(permissions, obj, state))


class AccessTokenRequiredMixin(DeclaringMixin):
    """
    For class-based views: ``class Preview(AccessTokenRequiredMixin, DetailView)``.

    ``access_permissions`` is a name or several. ``access_object`` and ``access_state`` are the decorator's
    ``obj`` and ``state``, functions among them static methods; the object is by default that of ``model``.
    """

    access_permissions: str | tuple[str, ...] = ()
    access_object: Finder = None
    access_state: Callable[[Any], str] | None = None

    @staticmethod
    def make_rule(option: Callable[[str], Any]) -> Rule:
        permissions = option("access_permissions")
        permissions = (permissions,) if isinstance(permissions, str) else tuple(permissions)
        return AccessRule(permissions, option("access_object") or option("model"), option("access_state"))


def access_url(url: str, scope: Scope, *, expires_in: timedelta | float | None = None, state: str | None = None) -> str:
    """The URL with a new access token for this scope; other parameters and the fragment stay as they are."""
    token = tokens.generate(scope, expires_in=expires_in, state=state)
    return replace_parameter(url, token_settings.ACCESS_TOKEN_QUERYSTRING, token)


@dataclass(frozen=True, eq=False)
class AccessRule(Rule):
    permissions: tuple[str, ...]
    obj: Finder = None
    state: Callable[[Any], str] | None = None

    def __post_init__(self) -> None:
        if not self.permissions or not all(isinstance(name, str) and name for name in self.permissions):
            raise ValueError('access_token_required needs permissions: @access_token_required("app.permission").')

    def before_view(self, request: HttpRequest, view: Callback, args: Any, kwargs: Any) -> Pass | HttpResponse:
        try:
            granted = self.open(request, args, kwargs)
        except TokenError as error:
            return refuse(request, error)
        return Grant(granted)

    def open(self, request: HttpRequest, args: Any, kwargs: Any) -> Scope:
        """What the request's token grants. Raises the TokenError that keeps its holder out."""
        token = state_of(request).access_token
        if token is None:
            raise TokenNotFoundError
        try:
            obj = self._object(request, args, kwargs)
        except (ObjectDoesNotExist, Http404) as error:
            raise InvalidTokenError("no such object") from error
        wanted = scope.access_all(*self.permissions) if obj is None else scope.access_obj(obj, *self.permissions)
        found = tokens.inspect(token, scope=wanted, state=None if self.state is None else self.state(obj))
        # Threat: asking with one good link which other objects exist. Without one for this very object one hears
        # the same as where there is no object, and as with a forged link.
        if obj is not None and not found.scope.covers(wanted):
            raise InvalidTokenError("not for this object" if found.scope else found.reason.value)
        if not found.is_valid:
            refusal, reason = REFUSALS.get(found.reason, InvalidTokenError), found.reason
            raise refusal(reason.value, at=found.issued_at if reason is Reason.NOT_YET_VALID else found.expires_at)
        return found.scope

    def _object(self, request: HttpRequest, args: Any, kwargs: Any) -> models.Model | None:
        """The object that the view is about, None if it is about none; ObjectDoesNotExist if there is no such row."""
        find: Any = self.obj
        if find is None:
            return None
        if isinstance(find, type) and issubclass(find, models.Model):
            return _row(find, kwargs)
        found: models.Model | None = find(request, *args, **kwargs)
        # Threat: a lookup that ends in .first() and finds nothing, taken for a view about no object in particular.
        if found is None:
            raise ObjectDoesNotExist
        return found


def _row(model: type[models.Model], kwargs: dict[str, Any]) -> models.Model:
    if not kwargs:
        # get() would take the only row for the one that is meant.
        raise ImproperlyConfigured(
            f'The address of this view names no {model._meta.label}. Write for example path("<int:pk>/", ...), '
            "or pass obj=a function that finds it."
        )
    try:
        return model._default_manager.get(**kwargs)
    except (ValueError, ValidationError, DataError) as error:  # letters where the key is a number, a NUL
        raise ObjectDoesNotExist from error
