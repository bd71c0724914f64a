"""
Access tokens: signed permission grants that need no table.

``scope``, ``wire``, ``signing``, ``tokens`` and ``rows`` know Django, this app's settings and each other. The other
modules bring them into HTTP: views, ``request.user`` and links.
"""

from . import rows, scope, tokens

__all__ = ["rows", "scope", "tokens"]
