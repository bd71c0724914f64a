"""A page or an email that asks for one click needs fewer than thirty words to say so."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from apps.accounts import scopes
from apps.tokens.models import RequestToken

MOST_WORDS = 30
LINKS = {
    scopes.LOGIN: ("accounts:login_link", "Session"),
    scopes.SIGNUP: ("accounts:signup", "None"),
    scopes.NOT_ME: ("accounts:not_me", "Request"),
    scopes.CHANGE_ADDRESS: ("accounts:confirm_address", "Request"),
}


@pytest.mark.parametrize("scope", LINKS)
def test_a_page_with_one_button_says_in_thirty_words_what_it_does(reader, scope):
    url_name, mode = LINKS[scope]
    token = RequestToken.objects.create_token(
        scope=scope,
        login_mode=mode,
        user=None if mode == "None" else reader,
        data={"email": "moved@example.com", "old": reader.email},
    )

    page = Client().get(token.tokenise(reverse(url_name))).content.decode()

    [until_button] = re.findall(r"<h1.*?</button>", page, re.DOTALL)
    assert 5 < len(strip_tags(until_button).split()) < MOST_WORDS


@pytest.mark.parametrize("address", ["reader@example.com", "newcomer@example.com"])
def test_an_email_with_a_link_and_a_code_has_both_within_thirty_words(reader, ask, mailoutbox, address):
    ask(address)

    words = mailoutbox[0].body.split()

    [place_of_code] = [place for place, word in enumerate(words) if re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", word)]
    assert place_of_code < MOST_WORDS
