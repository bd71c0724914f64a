"""`manage.py check --deploy`: what a newsletter should not go out without."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.compatibility, deploy=True)
def check_postal_address(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if settings.NEWSLETTER_POSTAL_ADDRESS:
        return []
    return [
        checks.Warning(
            "The newsletter does not say where its publisher lives; many countries ask for that.",
            hint='Set NEWSLETTER_POSTAL_ADDRESS, for example NEWSLETTER_POSTAL_ADDRESS="1 High Street, Town, Country"',
            id="mailing.W001",
        )
    ]
