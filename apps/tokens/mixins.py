from __future__ import annotations

from typing import Any

from django.views import View

from .decorators import use_request_token


class RequestTokenMixin:
    """
    For class-based views: ``class Unsubscribe(RequestTokenMixin, View): token_scope = "..."``.

    The attributes are the arguments of ``use_request_token``, and ``as_view()`` takes them too.
    """

    token_scope: str = ""
    token_required: bool = False
    token_confirm: bool | str | None = None
    token_ignore_session: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        must_precede_view(cls, RequestTokenMixin)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        def option(name: str) -> Any:
            return initkwargs.get(name, getattr(cls, name))

        declare = use_request_token(
            scope=option("token_scope"),
            required=option("token_required"),
            confirm=option("token_confirm"),
            ignore_session=option("token_ignore_session"),
        )
        return declare(super().as_view(**initkwargs))  # type: ignore[misc]


def must_precede_view(cls: type, mixin: type) -> None:
    """Raise TypeError if ``View.as_view`` would be called and the mixin's never."""
    # Threat: a view that looks guarded and is open to everybody.
    if View in cls.__mro__ and cls.__mro__.index(View) < cls.__mro__.index(mixin):
        raise TypeError(f"In the bases of {cls.__name__}, write {mixin.__name__} before the view.")
