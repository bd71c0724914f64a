"""One worker: the loop that takes batches from the ledger and sends them, beside any number of others."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import cast

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from apps.newsletter import services
from apps.newsletter.models import Delivery, Issue, Pace, Subscription
from apps.newsletter.rendering import IssueMail, message_id
from apps.newsletter.sending.claims import Claim, Standing
from apps.newsletter.sending.outcomes import Outcomes
from apps.newsletter.sending.transport import Answer, Transport, Verdict
from apps.site.emails import absolute_url
from apps.tokens.mail import LinkEmail

BATCH = 100
POLL_SECONDS = 0.5


class Worker:
    """Asks ``stop`` before every mail and calls ``report`` after it; both also while there is nothing to do."""

    def __init__(self, issue: Issue, *, stop: Callable[[], bool], report: Callable[[], None]) -> None:
        self._issue, self._stop, self._report = issue, stop, report
        self._this_issue = Issue.objects.filter(pk=issue.pk)
        self._deliveries = issue.deliveries
        self._unsubscribe_url = absolute_url("newsletter:unsubscribe")
        self._outcomes = Outcomes(issue)
        self._transport = Transport()
        self._room = 0

    def run(self) -> int:
        """Sends until the issue is sent, paused or cancelled, or ``stop`` says so; how many mails were accepted."""
        try:
            self._mail = IssueMail(self._issue)
            while not self._stop() and self._this_issue.filter(status=Issue.Status.SENDING).exists():
                self._take_turn()
        except DatabaseError:
            raise
        except Exception as error:
            # A defect would meet the next worker, too, and each time leave one mail in doubt.
            reason = _("Sending broke off with %(error)s; the log has more.") % {"error": type(error).__name__}
            self._this_issue.pause(reason)
            raise
        finally:
            self._transport.close()
        return self._outcomes.accepted

    def _take_turn(self) -> None:
        self._deliveries.recover()
        name, batch = self._deliveries.claim(limit=BATCH)
        if batch:
            claim = Claim(self._issue, name, batch)
            try:
                self._send_batch(claim)
            finally:
                claim.release()
            self._rest(self._outcomes.seconds_to_rest)
        elif not self._this_issue.finish():
            # What is left waits for its next attempt, or is another worker's, who may die.
            self._transport.close()
            self._report()
            self._rest(POLL_SECONDS)

    def _send_batch(self, claim: Claim) -> None:
        for delivery in claim.batch:
            self._wait_for_room()
            claim.keep()
            standing = Standing.STOP if self._stop() else claim.look(delivery)
            if standing is Standing.STOP:
                return
            if standing is Standing.LEFT:
                claim.settle(delivery, Delivery.Status.SKIPPED, error="left")
            elif not self._outcomes.settle(delivery, claim, self._send(delivery, claim)):
                return
            self._report()

    def _send(self, delivery: Delivery, claim: Claim) -> Answer:
        try:
            message = self._write(delivery)
        except ValueError as error:
            return Answer(Verdict.REFUSED, type(error).__name__)
        claim.begin(delivery)
        answer = self._transport.send(message)
        if answer.verdict in (Verdict.TROUBLE, Verdict.BARRED):
            claim.withdraw()
        return answer

    def _write(self, delivery: Delivery) -> LinkEmail:
        # Claim.look has found the reader.
        subscription = cast(Subscription, delivery.subscription)
        # No query as long as the reader's link works.
        token = services.ensure_unsubscribe_token(subscription)
        return self._mail.message(
            subscription.user.email,
            name=subscription.user.get_full_name(),
            unsubscribe_url=token.tokenise(self._unsubscribe_url),
            message_id=message_id(self._issue.pk, delivery.pk),
        )

    def _wait_for_room(self) -> None:
        rate = settings.NEWSLETTER_RATE
        if not rate:
            return
        if not self._room:
            # A tenth of a second's mails at once: fast rates need no query per mail.
            self._room = max(1, rate // 10)
            self._rest(Pace.objects.reserve(self._room, per_second=rate))
        self._room -= 1

    def _rest(self, seconds: float) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and not self._stop():
            sleep(min(left, POLL_SECONDS))
