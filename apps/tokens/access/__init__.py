"""Access tokens: signed permission grants that need no table. Imports nothing but Django."""

from . import scope, tokens

__all__ = ["scope", "tokens"]
