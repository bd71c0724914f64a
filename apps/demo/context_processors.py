from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def mailbox(request: HttpRequest) -> dict[str, str]:
    """``mailbox_url``: where the emails of a development site can be read; empty without DEBUG."""
    # Always there: Django logs the failed look-up of a template variable with the address, and so the token in it.
    return {"mailbox_url": reverse("demo:mailbox") if settings.DEBUG else ""}
