from __future__ import annotations

from typing import Any

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
