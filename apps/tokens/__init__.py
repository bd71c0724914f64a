"""
Links that carry permission. README.md says how to use them; a click goes this way:

1. ``middleware`` asks the ``rules`` that ``decorators`` and ``mixins`` left on the view; a rule finds the token.
2. ``signing`` verifies it, ``admission`` reads the row (``models``) and asks its questions in order.
3. ``uses`` takes a use, by one of the ``statements`` written beforehand.
4. ``identity`` makes the token's user the request's, and the view runs; a refusal is a page instead.
5. ``uses`` keeps the use or gives it back, and ``audit`` puts the outcome on record.
Access tokens, signed grants without a row, live in ``access``.
"""

__version__ = "1.0.0"
