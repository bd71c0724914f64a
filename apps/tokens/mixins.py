from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.views import View

from .admission import Again, Confirm, RequestTokenRule
from .rules import Rule, declare


class DeclaringMixin:
    """Declares the rules that mixins make of the view's attributes by ``make_rule``; ``as_view()`` takes them too."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for mixin in cls._declaring():
            # Threat: a view that looks guarded and is open to everybody: View.as_view is called, and ours never.
            if View in cls.__mro__ and cls.__mro__.index(View) < cls.__mro__.index(mixin):
                raise TypeError(f"In the bases of {cls.__name__}, write {mixin.__name__} before the view.")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)  # type: ignore[misc]  # of the View that comes after
        for mixin in cls._declaring():
            view = declare(mixin.make_rule(lambda name: initkwargs.get(name, getattr(cls, name, None))))(view)
        return view

    @classmethod
    def _declaring(cls) -> list[Any]:
        # The last first: its rule is the innermost, as with decorators.
        return [base for base in reversed(cls.__mro__) if DeclaringMixin in base.__bases__]


class RequestTokenMixin(DeclaringMixin):
    """
    For class-based views: ``class Unsubscribe(RequestTokenMixin, View): token_scope = "..."``.

    The attributes are the arguments of ``use_request_token``; functions among them are static methods.
    """

    token_scope: str = ""
    token_required: bool = False
    token_confirm: Confirm = None
    token_ignore_session: bool = False
    token_methods: Collection[str] | None = None
    token_again: Again | None = None

    @staticmethod
    def make_rule(option: Callable[[str], Any]) -> Rule:
        names = ("scope", "required", "confirm", "ignore_session", "methods", "again")
        return RequestTokenRule(*(option(f"token_{name}") for name in names))
