"""
For other apps: a reader comes or goes.

Both are sent with ``user`` inside the transaction that makes the change, after it. A receiver that raises undoes it.
"""

from django.dispatch import Signal

subscribed = Signal()
unsubscribed = Signal()
