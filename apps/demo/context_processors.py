from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def addresses(request: HttpRequest) -> dict[str, str]:
    """``demo_url`` and ``mailbox_url``: where the demo and the site's emails are; empty without DEBUG."""
    # Always there: Django logs the failed look-up of a template variable with the address, and so the token in it.
    names = {"demo_url": "demo:page", "mailbox_url": "demo:mailbox"}
    return {variable: reverse(name) if settings.DEBUG else "" for variable, name in names.items()}
