"""One worker: the loop that takes batches from the ledger and sends them, beside any number of others."""

import logging
from collections.abc import Callable
from time import monotonic, sleep
from typing import cast

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils.translation import gettext as _

from apps.mailing.models import Delivery, Dispatch, Pace
from apps.mailing.rendering import IssueMail, message_id
from apps.mailing.sending.claims import Claim, Standing
from apps.mailing.sending.outcomes import Outcomes
from apps.mailing.sending.transport import Answer, Transport, Verdict
from apps.newsletter import services
from apps.newsletter.models import Subscription
from apps.site.emails import absolute_url
from apps.tokens.mail import LinkEmail

logger = logging.getLogger(__name__)

BATCH = 100
POLL_SECONDS = 0.5

# A restart of the database takes seconds, a failover a minute or two.
DATABASE_PATIENCE_SECONDS = 600
DATABASE_REST_SECONDS = 2


class Worker:
    """Asks ``stop`` before every email and calls ``report`` after it; both also while there is nothing to do."""

    def __init__(self, dispatch: Dispatch, *, stop: Callable[[], bool], report: Callable[[], None]) -> None:
        self._dispatch, self._stop, self._report = dispatch, stop, report
        self._this = Dispatch.objects.filter(pk=dispatch.pk)
        self._deliveries = dispatch.deliveries
        self._unsubscribe_url = absolute_url("newsletter:unsubscribe")
        self._outcomes = Outcomes(dispatch)
        self._transport = Transport()
        self._claim: Claim | None = None
        self._room = 0

    def run(self) -> int:
        """
        Sends until the dispatch is sent, paused or cancelled, or ``stop`` says so.

        Returns the number of emails accepted. A lost connection to the database is opened again.
        """
        try:
            self._mail = IssueMail(self._dispatch.letter())
            while not self._stop() and self._go_on():
                pass
        except DatabaseError:
            raise
        except Exception as error:
            # A defect would meet the next worker, too, and each time leave one email in doubt.
            reason = _("Sending broke off with %(error)s; the log has more.") % {"error": type(error).__name__}
            self._this.pause(reason)
            raise
        finally:
            self._transport.close()
        return self._outcomes.accepted

    def _go_on(self) -> bool:
        try:
            self._return_claim()
            if not self._this.filter(status=Dispatch.Status.SENDING).exists():
                return False
            self._take_turn()
        except DatabaseError as error:
            is_lost = connection.connection is None or not connection.is_usable()
            if connection.in_atomic_block or not is_lost:
                raise
            logger.error("database lost dispatch=%s error=%s", self._dispatch.pk, type(error).__name__)
            self._wait_for_database()
        return True

    def _take_turn(self) -> None:
        self._deliveries.recover()
        name, batch = self._deliveries.claim(limit=BATCH)
        if batch:
            self._claim = Claim(self._dispatch, name, batch)
            try:
                self._send_batch(self._claim)
            finally:
                self._return_claim()
            self._rest(self._outcomes.seconds_to_rest)
        elif not self._this.finish():
            # What is left waits for its next attempt, or is another worker's, who may die.
            self._transport.close()
            self._report()
            self._rest(POLL_SECONDS)

    def _return_claim(self) -> None:
        # Once more where the first attempt met a database that was away: before the lease ends, nothing is in doubt
        # that this worker knows about.
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def _wait_for_database(self) -> None:
        given_up = monotonic() + DATABASE_PATIENCE_SECONDS
        while not self._stop():
            # The connection that is known to be dead; the next query opens another.
            connection.close()
            try:
                connection.ensure_connection()
                return
            except DatabaseError:
                if monotonic() > given_up:
                    raise
            self._rest(DATABASE_REST_SECONDS)

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
            message_id=message_id(self._dispatch.pk, delivery.pk),
        )

    def _wait_for_room(self) -> None:
        rate = settings.NEWSLETTER_RATE
        if not rate:
            return
        if not self._room:
            # A tenth of a second's emails at once: fast rates need no query per email.
            self._room = max(1, rate // 10)
            self._rest(Pace.objects.reserve(self._room, per_second=rate))
        self._room -= 1

    def _rest(self, seconds: float) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and not self._stop():
            sleep(min(left, POLL_SECONDS))
