from apps.newsletter.models.invitation import Invitation
from apps.newsletter.models.issue import Issue
from apps.newsletter.models.subscription import Subscription

__all__ = ["Invitation", "Issue", "Subscription"]
