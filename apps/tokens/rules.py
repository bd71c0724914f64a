"""What a view declares about the tokens it takes: the note that decorators leave for the middleware."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ATTRIBUTE = "request_token_rule"


@dataclass(frozen=True)
class Rule:
    scope: str
    required: bool = False
    confirm: bool | str | None = None
    ignore_session: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.scope, str) or not self.scope:
            raise ValueError('use_request_token needs a scope, such as scope="newsletter.unsubscribe".')

    def confirm_template(self, *, signs_in: bool) -> str | None:
        """The page to show before anything happens, or None to go straight to the view."""
        if isinstance(self.confirm, str):
            return self.confirm
        asks = signs_in if self.confirm is None else self.confirm
        return "tokens/confirm.html" if asks else None


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """The rule that a view declared, or None if it takes no tokens."""
    return getattr(view, ATTRIBUTE, None)
