"""The site in another language: LANGUAGE_CODE=de, and every word a visitor or reader sees is German."""

import gettext
import re
from html import unescape

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from apps.tokens.models import RequestToken
from tests.factories import UserFactory
from tests.support.emails import html_of, text_of
from tests.support.project import ROOT

LOCALES = [ROOT / "locale", ROOT / "apps/tokens/locale"]
CATALOGS = [locale / code / "LC_MESSAGES/django.po" for locale in LOCALES for code, _ in settings.LANGUAGES[1:]]
PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd]")


def messages(po):
    """Each message of the compiled catalog: (English, German). Plural forms are messages of their own."""
    with po.with_suffix(".mo").open("rb") as compiled:
        catalog = gettext.GNUTranslations(compiled)._catalog
    words = {key if isinstance(key, str) else key[0]: text for key, text in catalog.items()}
    return {english.rpartition("\x04")[2]: german for english, german in words.items() if english}


# A fragment, and words that are the same in both or stand inside a longer one in German.
ENGLISH = [
    words
    for po in CATALOGS
    for words, german in messages(po).items()
    if " " in words and not PLACEHOLDERS.search(words) and words not in german
]


def english_in(html):
    shown = " ".join(unescape(strip_tags(re.sub(r"(?s)<(style|script).*?</\1>", "", html))).split())
    return [words for words in ENGLISH if " ".join(unescape(strip_tags(words)).split()) in shown]


@pytest.fixture
def german():
    with translation.override("de"):
        yield


@pytest.mark.parametrize("po", CATALOGS, ids=lambda po: str(po.relative_to(ROOT)))
def test_every_message_is_translated_and_by_no_guess(po):
    text = po.read_text(encoding="utf-8")

    assert re.findall(r'msgid .*\nmsgstr(?:\[\d\])? ""\n(?!")', text) == []
    assert "#, fuzzy" not in text
    assert len(messages(po)) > 100


@pytest.mark.parametrize("po", CATALOGS, ids=lambda po: str(po.relative_to(ROOT)))
def test_every_translation_has_the_placeholders_of_its_message(po):
    differ = {
        english: german
        for english, german in messages(po).items()
        # A singular may do without its number.
        if not set(PLACEHOLDERS.findall(german)) >= set(PLACEHOLDERS.findall(english))
    }

    assert differ == {}


@pytest.mark.django_db
@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("name", ["home", "accounts:login", "newsletter:subscribe", "newsletter:archive"])
def test_a_page_for_everybody_is_german_as_a_whole(client, name):
    page = client.get(reverse(name)).content.decode()

    assert '<html lang="de">' in page
    assert english_in(page) == []
    assert "Anmelden" in page


@pytest.mark.django_db
@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("name", ["accounts:profile", "accounts:stored", "newsletter:invite", "mailing:issues"])
def test_a_page_for_members_is_german_as_a_whole(client, name):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = client.get(reverse(name)).content.decode()

    assert '<html lang="de">' in page
    assert english_in(page) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("name", "email", "subject"),
    [
        ("accounts:login", "known@example.com", "Ihr Link zum Anmelden bei"),
        ("accounts:login", "new@example.com", "Ihr Link für ein Konto bei"),
        ("newsletter:subscribe", "new@example.com", "Bestätigen Sie Ihr Abo von"),
    ],
)
def test_an_email_is_german_in_both_parts(client, mailoutbox, name, email, subject):
    UserFactory(email="known@example.com")

    client.post(reverse(name), {"email": email})

    [mail] = mailoutbox
    assert mail.subject.startswith(subject)
    assert english_in(text_of(mail)) == []
    assert english_in(html_of(mail)) == []
    assert 'lang="de"' in html_of(mail)


@pytest.mark.django_db
@pytest.mark.usefixtures("german")
def test_a_refused_link_says_why_in_german(client):
    token = RequestToken.objects.create_token(
        scope="newsletter.unsubscribe", login_mode=RequestToken.LOGIN_MODE_REQUEST, user=UserFactory()
    )
    token.revoke()

    page = client.get(token.tokenise(reverse("newsletter:unsubscribe"))).content.decode()

    assert "Dieser Link wurde zurückgezogen" in page
    assert english_in(page) == []
