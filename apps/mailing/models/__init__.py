from apps.mailing.models.delivery import Delivery
from apps.mailing.models.dispatch import Dispatch
from apps.mailing.models.leaving import LeavingReason
from apps.mailing.models.pace import Pace
from apps.mailing.models.suppression import Suppression

__all__ = ["Delivery", "Dispatch", "LeavingReason", "Pace", "Suppression"]
