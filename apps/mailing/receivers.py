"""
What happens here when a reader comes or goes. Both run inside the transaction of ``newsletter.services``: a reader who
has left is on the suppression list, or has not left.
"""

from typing import Any

from django.dispatch import receiver

from apps.mailing.models import LeavingReason, Suppression
from apps.newsletter.signals import subscribed, unsubscribed
from apps.site.http import User


@receiver(unsubscribed)
def keep_off_the_list(user: User, **kwargs: Any) -> None:
    Suppression.objects.add(user.email)


@receiver(subscribed)
def let_back_onto_the_list(user: User, **kwargs: Any) -> None:
    LeavingReason.objects.filter(subscription__user=user).delete()
    Suppression.objects.lift(user.email)
