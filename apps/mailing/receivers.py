"""
What happens here when a reader comes or goes. Both run inside the transaction of ``newsletter.services``: a reader who
has left is on the suppression list, or has not left.
"""

from typing import Any

from django.dispatch import receiver

from apps.mailing.models import LeavingReason, Suppression
from apps.newsletter.models import Subscription
from apps.newsletter.signals import subscribed, unsubscribed
from apps.site.http import User


@receiver(unsubscribed)
def keep_off_the_list(user: User, **kwargs: Any) -> None:
    Suppression.objects.add(user.email)


@receiver(subscribed)
def let_back_onto_the_list(user: User, **kwargs: Any) -> None:
    # Asked first, without a lock: on MariaDB a DELETE that joins would lock the subscription once more, by another
    # index, and wait for somebody who has that one and waits for ours.
    subscription = Subscription.objects.filter(user=user).values_list("pk", flat=True).first()
    LeavingReason.objects.filter(subscription=subscription).delete()
    Suppression.objects.lift(user.email)
