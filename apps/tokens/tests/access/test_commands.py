from ..support import run
from .urls import READ


def test_views_that_take_access_tokens_are_listed():
    assert f"Access permissions={(READ,)!r} obj=Item state=state_of" in run("token_views")
