"""What an answer of the mail server does to a delivery and to its dispatch."""

import logging
from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from apps.mailing.clock import DatabaseNow
from apps.mailing.models import Delivery, Dispatch
from apps.mailing.sending.claims import Claim
from apps.mailing.sending.transport import Answer, Verdict

logger = logging.getLogger(__name__)

# 1, 5, 25 and 125 minutes after a "later": greylisting lets one in after some minutes, a full mailbox after hours.
ATTEMPTS = 5
FIRST_RETRY = timedelta(minutes=1)
RETRY_FACTOR = 5

# More than one in twenty of the last two hundred: a bad list, or a server that takes us for one.
WINDOW = 200
FAILURES = WINDOW // 20

# A server can be out of reach so often in a row, with longer and longer rests between.
TROUBLES = 3
TROUBLE_SECONDS = 2


class Outcomes:
    """One worker's share of the ledger."""

    def __init__(self, dispatch: Dispatch) -> None:
        self.accepted = 0
        self._dispatch = dispatch
        self._troubles = 0

    @property
    def seconds_to_rest(self) -> float:
        """Before the next email, because the server is in trouble."""
        return TROUBLE_SECONDS * self._troubles

    def settle(self, delivery: Delivery, claim: Claim, answer: Answer) -> bool:
        """Marks the delivery. Returns whether its batch goes on; a row that is not marked goes back to the queue."""
        if answer.verdict is Verdict.ACCEPTED:
            self.accepted += 1
            self._troubles = 0
            return claim.mark_sent(delivery)

        logger.warning(
            "email not accepted dispatch=%s delivery=%s verdict=%s code=%s",
            self._dispatch.pk,
            delivery.pk,
            answer.verdict.name.lower(),
            answer.code,
        )
        if answer.verdict is Verdict.IN_DOUBT:
            claim.settle(delivery, Delivery.Status.UNKNOWN, error=answer.code)
        if answer.verdict is Verdict.BARRED:
            return self._pause(_("The mail server does not let us send (%(code)s).") % {"code": answer.code})
        if answer.verdict in (Verdict.TROUBLE, Verdict.IN_DOUBT):
            return self._count_trouble(answer.code)
        self._troubles = 0
        if answer.verdict is Verdict.LATER and delivery.attempts + 1 < ATTEMPTS:
            return self._put_off(delivery, claim, answer.code)
        return self._give_up(delivery, claim, answer.code)

    def _count_trouble(self, code: str) -> bool:
        self._troubles += 1
        if self._troubles >= TROUBLES:
            self._pause(_("The mail server cannot be reached (%(code)s). Check EMAIL_URL.") % {"code": code})
        return False

    def _put_off(self, delivery: Delivery, claim: Claim, code: str) -> bool:
        wait = FIRST_RETRY * RETRY_FACTOR**delivery.attempts
        return claim.settle(
            delivery,
            Delivery.Status.RETRY,
            attempts=F("attempts") + 1,
            error=code,
            next_attempt_at=DatabaseNow() + wait,
        )

    def _give_up(self, delivery: Delivery, claim: Claim, code: str) -> bool:
        is_ours = claim.settle(delivery, Delivery.Status.FAILED, attempts=F("attempts") + 1, error=code)
        failures = self._dispatch.deliveries.count_recent_failures(window=WINDOW)
        if failures > FAILURES:
            self._pause(
                _("%(failures)s of the last %(window)s emails failed, the last one with %(code)s.")
                % {"failures": failures, "window": WINDOW, "code": code}
            )
        return is_ours

    def _pause(self, reason: str) -> bool:
        Dispatch.objects.filter(pk=self._dispatch.pk).pause(reason)
        return False
