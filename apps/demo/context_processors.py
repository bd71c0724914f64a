from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def mailbox(request: HttpRequest) -> dict[str, str]:
    """``mailbox_url``: where the emails of a development site can be read; absent without DEBUG."""
    return {"mailbox_url": reverse("demo:mailbox")} if settings.DEBUG else {}
