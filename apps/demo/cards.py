"""The cards of the demo page: a flow for each kind of link, and the places that are worth a look."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.asking import ask, login_token
from apps.accounts.scopes import SIGNUP
from apps.demo import seed
from apps.newsletter import referrals, services
from apps.tokens.models import RequestToken


class Mode(NamedTuple):
    """What a link may do, in words and as the code has it."""

    words: str | Promise
    constant: str


PUBLIC = Mode(_("public link"), "LOGIN_MODE_NONE")
ONE_REQUEST = Mode(_("one request"), "LOGIN_MODE_REQUEST")
SIGN_IN = Mode(_("sign-in"), "LOGIN_MODE_SESSION")
ACCESS_TOKEN = Mode(_("access token"), "access_obj")


@dataclass(frozen=True)
class Card:
    """What every card has: its button makes a fresh link, or opens a page, for ``acts_for``."""

    slug: str
    title: str | Promise
    sentence: str | Promise
    button: str | Promise
    url_name: str
    """Of the view that it is about."""
    acts_for: str = ""
    """One of the demo's people; empty for anybody."""


@dataclass(frozen=True, kw_only=True)
class Flow(Card):
    """A link of the site, issued and taken."""

    mode: Mode
    issued_by: Callable[..., Any]
    """The function that makes the token."""
    link: Callable[[], str]

    @property
    def issued_in(self) -> str:
        """File and line of that function."""
        return find_line(self.issued_by, "def ")

    @property
    def taken_in(self) -> str:
        """File and line of the decorator that declares the token on the view."""
        return find_line(_view(self.url_name), "@use_request_token(", "@access_token_required(")


@dataclass(frozen=True)
class Place(Card):
    """A page that is there without a link."""

    @property
    def path(self) -> str:
        """Empty while the part of the site that it belongs to is not there."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""

    @property
    def shown_in(self) -> str:
        """File and line of its view."""
        return find_line(_view(self.url_name), "def ", "class ")


def affiliate_path() -> str:
    """Member's invitation, mode NONE: it carries a payload and acts for nobody."""
    return _invitation().tokenise(reverse("newsletter:subscribe"))


def confirm_path() -> str:
    """The link in the email after the subscribe form, mode NONE: here for somebody who is new each time."""
    seed.forget(seed.NEWCOMER)
    _invitation()
    token = services.confirmation_token(seed.NEWCOMER, referrals.invitation_of(seed.person(seed.MEMBER)))
    return token.tokenise(reverse("newsletter:confirm"))


def unsubscribe_path() -> str:
    """The link at the foot of Reader's emails, mode REQUEST; Reader is subscribed when it is shown."""
    token = services.ensure_unsubscribe_token(seed.subscribed(seed.READER))
    return token.tokenise(reverse("newsletter:unsubscribe"))


def sign_in_path(email: str = seed.READER, next_path: str = "") -> str:
    """A sign-in link, mode SESSION: for Reader, or for whoever may open ``next_path``."""
    return login_token(seed.person(email), next_path).tokenise(reverse("accounts:login_link"))


def sign_up_path() -> str:
    """The link that an unknown address gets instead, mode NONE: here for somebody who is new each time."""
    seed.forget(seed.NEWCOMER)
    token = RequestToken.objects.create_token(
        scope=SIGNUP,
        login_mode=RequestToken.LOGIN_MODE_NONE,
        data={"email": seed.NEWCOMER, "next": ""},
        expiration_time=timezone.now() + timedelta(hours=1),
    )
    return token.tokenise(reverse("accounts:signup"))


def preview_path() -> str:
    """A link to one draft, for a day: an access token, which acts for nobody and is not stored."""
    return services.preview_url(seed.draft(), timedelta(days=1)).removeprefix(settings.SITE_URL)


FLOWS = [
    Flow(
        slug="affiliate",
        mode=PUBLIC,
        title=_("Invite a friend"),
        sentence=_("The ordinary subscribe page greets you by the name of the member who invited you."),
        button=_("Open Member's invitation"),
        issued_by=referrals.invite,
        url_name="newsletter:subscribe",
        link=affiliate_path,
    ),
    Flow(
        slug="confirm",
        mode=PUBLIC,
        title=_("Confirm a subscription"),
        sentence=_("Double opt-in: the link knows the address; its button subscribes it, once."),
        button=_("Open a confirmation link"),
        issued_by=services.confirmation_token,
        url_name="newsletter:confirm",
        link=confirm_path,
    ),
    Flow(
        slug="unsubscribe",
        mode=ONE_REQUEST,
        title=_("Unsubscribe"),
        sentence=_("The link acts as Reader for one request and signs nobody in; an email program can post to it."),
        button=_("Open an unsubscribe link"),
        issued_by=services.new_unsubscribe_token,
        url_name="newsletter:unsubscribe",
        link=unsubscribe_path,
        acts_for=seed.READER,
    ),
    Flow(
        slug="sign-in",
        mode=SIGN_IN,
        title=_("Sign in by link"),
        sentence=_("An emailed link signs Reader in: once, within ten minutes, when its button is pressed."),
        button=_("Open a sign-in link"),
        issued_by=login_token,
        url_name="accounts:login_link",
        link=sign_in_path,
        acts_for=seed.READER,
    ),
    Flow(
        slug="sign-up",
        mode=PUBLIC,
        title=_("Sign up by link"),
        sentence=_("The form that emails you a sign-in link emails an unknown address a link to join."),
        button=_("Open a sign-up link"),
        issued_by=ask,
        url_name="accounts:signup",
        link=sign_up_path,
    ),
    Flow(
        slug="preview",
        mode=ACCESS_TOKEN,
        title=_("Share a draft"),
        sentence=_("The link opens one unpublished issue for a day; no table remembers it."),
        button=_("Open a link to the draft"),
        issued_by=services.preview_url,
        url_name="newsletter:preview",
        link=preview_path,
    ),
]

PLACES = [
    Place(
        slug="mailbox",
        title=_("Mailbox"),
        sentence=_("Every email this site has sent, with its links, its text, and its HTML as it looks."),
        button=_("Open the mailbox"),
        url_name="demo:mailbox",
    ),
    Place(
        slug="laboratory",
        title=_("Laboratory"),
        sentence=_(
            "Scanners, bots, forwarded and late emails, twenty clicks at once: what each does to a sign-in link."
        ),
        button=_("Open the laboratory"),
        url_name="demo:laboratory",
    ),
    Place(
        slug="desk",
        title=_("The editors' desk"),
        sentence=_("Write an issue, share its draft, send it, and read the report of one that went out."),
        button=_("Open the desk as Editor"),
        url_name="mailing:issues",
        acts_for=seed.EDITOR,
    ),
    Place(
        slug="invite",
        title=_("Invite readers"),
        sentence=_("Member's link, and what became of it: clicks, sign-ups, and readers who stayed."),
        button=_("Open the page as Member"),
        url_name="newsletter:invite",
        acts_for=seed.MEMBER,
    ),
    Place(
        slug="admin",
        title=_("The admin"),
        sentence=_("Every link with its uses and refusals. Revoke one, issue one, or have one explained."),
        button=_("Open the admin as Editor"),
        url_name="admin:tokens_requesttoken_changelist",
        acts_for=seed.EDITOR,
    ),
]

CARDS: dict[str, Flow | Place] = {flow.slug: flow for flow in FLOWS} | {place.slug: place for place in PLACES}


def find_line(code: Callable[..., Any], *starts: str) -> str:
    """Where this function or class has a line that begins so: the file in this project, a colon, and the number."""
    code = inspect.unwrap(code)
    lines, first = inspect.getsourcelines(code)
    number = next((number for number, line in enumerate(lines, first) if line.lstrip().startswith(starts)), first)
    return f"{Path(inspect.getfile(code)).relative_to(settings.BASE_DIR).as_posix()}:{number}"


def _view(url_name: str) -> Callable[..., Any]:
    # Any argument will do: the address is only needed to find the view.
    try:
        view = resolve(reverse(url_name)).func
    except NoReverseMatch:
        view = resolve(reverse(url_name, args=["any"])).func
    # A view of the admin is Django's own; what is of this project is the class.
    return type(view.model_admin) if hasattr(view, "model_admin") else view


def _invitation() -> RequestToken:
    member = seed.person(seed.MEMBER)
    return referrals.usable_token(referrals.invitation_of(member)) or referrals.invite(member, name=member.name)
