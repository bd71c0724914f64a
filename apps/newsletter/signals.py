"""
What another app may want to do when a reader comes or goes.

Both are sent inside the transaction that makes the change, after it, with ``user``. A receiver that raises undoes the
change: what it does and what happened here are one act.
"""

from django.dispatch import Signal

subscribed = Signal()
unsubscribed = Signal()
