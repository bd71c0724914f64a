import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory


def test_the_hidden_field_carries_the_token_of_this_request(client, request_token):
    page = client.get(request_token.tokenise("/tags/")).text

    assert f'[<input type="hidden" name="rt" value="{request_token.jwt()}">]' in page


def test_without_a_token_the_field_is_empty(client, db):
    assert client.get("/tags/").text == "[][/next/?a=1]"


@pytest.mark.parametrize("context", [{}, {"request": None}, {"request": RequestFactory().get("/")}], ids=str)
def test_the_field_is_empty_wherever_there_is_no_request_token(context):
    assert render_to_string("field.html", context) == ""


def test_a_link_carries_the_token_on(client, request_token):
    page = client.get(request_token.tokenise("/tags/")).text

    assert f"[/next/?a=1&amp;rt={request_token.jwt()}]" in page


def test_the_jwt_can_be_written_into_a_template(make_token):
    token = make_token()

    assert f"/x/?rt={token.jwt()}" in render_to_string("documented_link.html", {"url": "/x/", "token": token})
