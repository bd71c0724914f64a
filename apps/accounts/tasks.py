"""The emails as work for a queue; see apps/site/tasks.py."""

from datetime import datetime

from apps.accounts import emails
from apps.accounts.models import KnownBrowser, SignInRequest
from apps.site.tasks import deliver_or_retry, task
from apps.tokens.models import RequestToken


@task
def send_link(asked_id: int) -> None:
    asked = SignInRequest.objects.select_related("token__user").filter(pk=asked_id, is_silent=False).first()
    if asked is not None and asked.token.expiration_time:
        deliver_or_retry(send_link, asked_id, email=emails.sign_in(asked), until=asked.token.expiration_time)


@task
def send_notice(browser_id: int, token_id: int) -> None:
    browser = KnownBrowser.objects.select_related("user").filter(pk=browser_id).first()
    token = RequestToken.objects.filter(pk=token_id).first()
    if browser is not None and token is not None and token.expiration_time:
        email = emails.new_browser(browser, token)
        deliver_or_retry(send_notice, browser_id, token_id, email=email, until=token.expiration_time)


@task
def send_address_confirmation(token_id: int) -> None:
    token = RequestToken.objects.select_related("user").filter(pk=token_id).first()
    if token is not None and token.expiration_time:
        email = emails.confirm_address(token)
        deliver_or_retry(send_address_confirmation, token_id, email=email, until=token.expiration_time)


@task
def send_address_changed(old: str, until: str) -> None:
    """``until``: for how long to try, as an ISO date; a queue takes JSON."""
    email = emails.address_changed(old)
    deliver_or_retry(send_address_changed, old, until, email=email, until=datetime.fromisoformat(until))
