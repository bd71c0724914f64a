from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from .decorators import access_token_required


class AccessTokenRequiredMixin:
    """
    For class-based views: ``class Preview(AccessTokenRequiredMixin, DetailView)``.

    ``access_permissions`` is a name or several. The object is that of ``model``, by the URL's
    arguments; ``access_object`` and ``access_state`` are the decorator's ``obj`` and ``state``.
    """

    access_permissions: str | tuple[str, ...] = ()
    access_object: Callable[..., models.Model] | type[models.Model] | None = None
    access_state: Callable[[Any], str] | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        names = (cls.access_permissions,) if isinstance(cls.access_permissions, str) else cls.access_permissions
        # Read from the class's own dictionary chain without binding: a plain function stays one.
        obj = _plain(cls, "access_object") or initkwargs.get("model", getattr(cls, "model", None))
        view = super().as_view(**initkwargs)  # type: ignore[misc]
        return access_token_required(*names, obj=obj, state=_plain(cls, "access_state"))(view)


def _plain(cls: type, name: str) -> Any:
    value = getattr(cls, name)
    return getattr(value, "__func__", value)
