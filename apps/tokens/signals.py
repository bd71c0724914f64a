"""
Sent once for every decision, with the sender RequestToken. What a receiver raises is logged and costs nobody anything.

Both give ``request``, ``token`` and ``status_code`` (None if no response was sent). ``token_admitted`` also gives
``is_kept``, False if the use was given back; ``token_refused`` gives ``error``, a TokenError, and for a forged link no
token.
"""

from django.dispatch import Signal

token_admitted = Signal()
token_refused = Signal()
