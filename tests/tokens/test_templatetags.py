import pytest
from django.template import Context, Template
from django.test import RequestFactory


def test_the_hidden_field_carries_the_token_of_this_request(client, request_token):
    page = client.get(request_token.tokenise("/tags/")).text

    assert f'[<input type="hidden" name="rt" value="{request_token.jwt()}">]' in page


def test_without_a_token_the_field_is_empty(client, db):
    assert client.get("/tags/").text == "[][/next/?a=1]"


@pytest.mark.parametrize("context", [{}, {"request": None}, {"request": RequestFactory().get("/")}], ids=str)
def test_the_field_is_empty_wherever_there_is_no_request_token(context):
    assert Template("{% load request_token %}{% request_token %}").render(Context(context)) == ""


def test_a_link_carries_the_token_on(client, request_token):
    page = client.get(request_token.tokenise("/tags/")).text

    assert f"[/next/?a=1&amp;rt={request_token.jwt()}]" in page


def test_the_jwt_can_be_written_into_a_template(make_token):
    token = make_token()

    rendered = Template("{{ url }}?rt={{ token.jwt }}").render(Context({"url": "/x/", "token": token}))

    assert rendered == f"/x/?rt={token.jwt()}"
