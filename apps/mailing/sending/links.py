"""One unsubscribe link per reader, there before the first email goes out, so that no email needs a query for it."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from apps.newsletter import services
from apps.newsletter.models import Subscription, SubscriptionQuerySet
from apps.tokens.models import RequestToken

BATCH = 1000


def mint_missing_links() -> int:
    """Makes a link for every reader who has none that works. Returns the number of new links."""
    # Such a token neither expires nor is used up; what else may be wrong with one is seen when its email is written.
    works = RequestToken.objects.filter(pk=OuterRef("unsubscribe_token"), revoked_at=None)
    without = Subscription.objects.active().filter(~Exists(works)).order_by("pk")
    made = 0
    while readers := list(without.values_list("pk", flat=True)[:BATCH]):
        made += _mint(without.filter(pk__in=readers), readers)
    return made


@transaction.atomic
def _mint(without: SubscriptionQuerySet, readers: list[int]) -> int:
    # Locked: somebody else may mint for the same readers, and the emails already out carry the first link.
    locked = Subscription.objects.select_for_update().filter(pk__in=readers).order_by("pk")
    list(locked.values_list("pk", flat=True))
    users = list(without.values_list("user", flat=True))
    made = [services.new_unsubscribe_token(user) for user in users]
    RequestToken.objects.create_tokens(made)
    theirs = RequestToken.objects.filter(user=OuterRef("user"), scope__in={token.scope for token in made})
    newest = theirs.order_by("-pk")
    # In no order: with ORDER BY, MariaDB 10.11 gives every row the subquery's answer for one of them.
    without.order_by().update(unsubscribe_token=Subquery(newest.values("pk")[:1]))
    return len(users)
