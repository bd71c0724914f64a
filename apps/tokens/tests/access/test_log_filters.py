from ...access import scope, tokens
from ..test_log_filters import write


def test_a_real_access_token_is_hidden_by_its_shape(db, user):
    token = tokens.generate(scope.access_obj(user, "accounts.change_user"), expires_in=60)
    wide = tokens.generate(scope.access_all("publish"))

    assert write(f"<{token}> <{wide}>") == "<***> <***>"
