"""Tokens for support: who was given which link, what became of it, and a way to withdraw it or to make another."""

from .tokens import RequestTokenAdmin

__all__ = ["RequestTokenAdmin"]
