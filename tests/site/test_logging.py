import pytest
from django.conf import settings


@pytest.mark.parametrize("name", ["django.server", "django.request", "apps.tokens", "somebody.else"])
def test_no_logger_has_a_way_around_the_filter(name):
    handlers = settings.LOGGING["handlers"].values()
    logger = settings.LOGGING["loggers"].get(name, {"handlers": []})

    assert all("hide_tokens" in handler["filters"] for handler in handlers)
    assert logger["handlers"] == []
