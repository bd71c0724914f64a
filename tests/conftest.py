import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _empty_cache():
    """Rate limits count in the cache; no test pays for the one before it."""
    cache.clear()
