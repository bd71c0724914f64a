"""One unsubscribe link per reader, there before the first mail goes out, so that no mail needs a query for it."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from apps.newsletter import scopes
from apps.newsletter.models import Subscription
from apps.newsletter.models.subscription import SubscriptionQuerySet
from apps.tokens.models import RequestToken

BATCH = 1000


def mint_missing_links() -> int:
    """A link for every reader who has none that works; how many were made."""
    # Such a token neither expires nor is used up; what else may be wrong with one is seen when its mail is written.
    works = RequestToken.objects.filter(pk=OuterRef("unsubscribe_token"), revoked_at=None)
    without = Subscription.objects.active().filter(~Exists(works)).order_by("pk")
    made = 0
    while readers := list(without.values_list("pk", flat=True)[:BATCH]):
        made += _mint(without.filter(pk__in=readers), readers)
    return made


@transaction.atomic
def _mint(without: SubscriptionQuerySet, readers: list[int]) -> int:
    # Locked: somebody else may mint for the same readers, and the mails already out carry the first link.
    locked = Subscription.objects.select_for_update().filter(pk__in=readers).order_by("pk")
    list(locked.values_list("pk", flat=True))
    users = list(without.values_list("user", flat=True))
    RequestToken.objects.create_tokens(
        RequestToken(user_id=user, scope=scopes.UNSUBSCRIBE, login_mode=RequestToken.LOGIN_MODE_REQUEST, max_uses=None)
        for user in users
    )
    newest = RequestToken.objects.filter(user=OuterRef("user"), scope=scopes.UNSUBSCRIBE).order_by("-pk")
    # In no order: with ORDER BY, MariaDB 10.11 gives every row the subquery's answer for one of them.
    without.order_by().update(unsubscribe_token=Subquery(newest.values("pk")[:1]))
    return len(users)
