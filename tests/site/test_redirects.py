import pytest

from apps.tokens.models import RequestToken


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/link", "/newsletter/unsubscribe"])
def test_a_redirect_that_carries_a_token_is_kept_by_no_cache(client, path):
    link = RequestToken.objects.create_token(scope="accounts.signup", data={}).tokenise(path)

    answer = client.get(link)

    assert answer.status_code == 301
    assert "rt=" in answer.url
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_redirect_to_https_that_carries_a_token_is_kept_by_no_cache(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/newsletter/?at=abc&page=2")

    assert answer.status_code == 301
    assert "no-store" in answer.headers["Cache-Control"]


def test_any_other_redirect_is_left_alone(client):
    answer = client.get("/newsletter?page=2")

    assert answer.status_code == 301
    assert "no-store" not in answer.headers.get("Cache-Control", "")
