from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from ..mixins import must_precede_view
from .decorators import access_token_required


class AccessTokenRequiredMixin:
    """
    For class-based views: ``class Preview(AccessTokenRequiredMixin, DetailView)``.

    ``access_permissions`` is a name or several. ``access_object`` and ``access_state`` are the decorator's
    ``obj`` and ``state``, functions among them static methods; the object is by default that of ``model``.
    ``as_view()`` takes the three, too.
    """

    access_permissions: str | tuple[str, ...] = ()
    access_object: Callable[..., models.Model] | type[models.Model] | None = None
    access_state: Callable[[Any], str] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        must_precede_view(cls, AccessTokenRequiredMixin)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        def option(name: str) -> Any:
            return initkwargs.get(name, getattr(cls, name, None))

        permissions = option("access_permissions")
        declare = access_token_required(
            *((permissions,) if isinstance(permissions, str) else permissions),
            obj=option("access_object") or option("model"),
            state=option("access_state"),
        )
        return declare(super().as_view(**initkwargs))  # type: ignore[misc]
