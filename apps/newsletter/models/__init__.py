from apps.newsletter.models.delivery import Delivery
from apps.newsletter.models.invitation import Invitation
from apps.newsletter.models.issue import Issue
from apps.newsletter.models.pace import Pace
from apps.newsletter.models.subscription import Subscription
from apps.newsletter.models.suppression import Suppression

__all__ = ["Delivery", "Invitation", "Issue", "Pace", "Subscription", "Suppression"]
