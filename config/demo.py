"""
What `manage.py demo` and, with DEBUG, the front page have to show: people, issues and links to try.

README.md, "What to delete", says how to do without it.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.asking import ask, login_token
from apps.accounts.models import User
from apps.accounts.scopes import LOGIN, SIGNUP
from apps.newsletter import referrals, services
from apps.newsletter.models import Issue, Subscription
from apps.tokens.models import RequestToken
from config.demo_issues import ISSUES, DemoIssue

READER = "reader@example.com"
MEMBER = "member@example.com"
EDITOR = "editor@example.com"
NEWCOMER = "newcomer@example.com"

PEOPLE: dict[str, dict[str, Any]] = {
    READER: {"name": "Reader"},
    MEMBER: {"name": "Member"},
    EDITOR: {"name": "Editor", "is_staff": True, "is_superuser": True},
}


@transaction.atomic
def seed() -> None:
    """The people and issues of the demo; what is there already stays as it is."""
    for email in PEOPLE:
        user = _person(email)
        if not Subscription.objects.filter(user=user).exists():
            services.subscribe(email)
    for issue in ISSUES:
        _publish(issue)


def affiliate_path() -> str:
    """Member's invitation, mode NONE: it carries a payload and acts for nobody."""
    return _invitation().tokenise(reverse("newsletter:subscribe"))


def confirm_path() -> str:
    """The link in the email after the subscribe form, mode NONE: here for somebody who is new each time."""
    _forget(NEWCOMER)
    _invitation()
    token = services.confirmation_token(NEWCOMER, referrals.invitation_of(_person(MEMBER)))
    return token.tokenise(reverse("newsletter:confirm"))


def unsubscribe_path() -> str:
    """The link at the foot of Reader's emails, mode REQUEST; Reader is subscribed when it is shown."""
    token = services.ensure_unsubscribe_token(_subscribed(_person(READER)))
    return token.tokenise(reverse("newsletter:unsubscribe"))


def sign_in_path() -> str:
    """A sign-in link for Reader, mode SESSION."""
    token = RequestToken.objects.create_token(
        scope=LOGIN, login_mode=RequestToken.LOGIN_MODE_SESSION, user=_person(READER), data={"next": ""}
    )
    return token.tokenise(reverse("accounts:login_link"))


def sign_up_path() -> str:
    """The link that an unknown address gets instead, mode NONE: here for somebody who is new each time."""
    _forget(NEWCOMER)
    token = RequestToken.objects.create_token(
        scope=SIGNUP,
        login_mode=RequestToken.LOGIN_MODE_NONE,
        data={"email": NEWCOMER, "next": ""},
        expiration_time=timezone.now() + timedelta(hours=1),
    )
    return token.tokenise(reverse("accounts:signup"))


def preview_path() -> str:
    """A link to one draft, for a day: an access token, which acts for nobody and is not stored."""
    return services.preview_url(_draft(), timedelta(days=1)).removeprefix(settings.SITE_URL)


@dataclass(frozen=True)
class Flow:
    """A card on the front page."""

    slug: str
    mode: str
    title: str | Promise
    sentence: str | Promise
    button: str | Promise
    issued_by: Callable[..., Any]
    """The function that makes the token."""
    url_name: str
    """Of the view that takes it."""
    link: Callable[[], str]
    acts_for: str = ""

    @property
    def issued_in(self) -> str:
        """File and line of that function."""
        return find_line(self.issued_by, "def ")

    @property
    def taken_in(self) -> str:
        """File and line of the decorator that declares the token on the view."""
        return find_line(_view(self.url_name), "@use_request_token(", "@access_token_required(")


FLOWS = [
    Flow(
        slug="affiliate",
        mode="NONE",
        title=_("Affiliate link"),
        sentence=_("The ordinary subscribe page greets you by the name of the member who invited you."),
        button=_("Open Member's invitation"),
        issued_by=referrals.invite,
        url_name="newsletter:subscribe",
        link=affiliate_path,
    ),
    Flow(
        slug="confirm",
        mode="NONE",
        title=_("Confirm a subscription"),
        sentence=_("Double opt-in: the link knows the address; its button subscribes it, once."),
        button=_("Open a confirmation link"),
        issued_by=services.confirmation_token,
        url_name="newsletter:confirm",
        link=confirm_path,
    ),
    Flow(
        slug="unsubscribe",
        mode="REQUEST",
        title=_("Unsubscribe"),
        sentence=_("The link acts as Reader for one request and signs nobody in; an email program can post to it."),
        button=_("Open an unsubscribe link"),
        issued_by=services.new_unsubscribe_token,
        url_name="newsletter:unsubscribe",
        link=unsubscribe_path,
        acts_for=READER,
    ),
    Flow(
        slug="sign-in",
        mode="SESSION",
        title=_("Sign in by link"),
        sentence=_("An emailed link signs Reader in: once, within ten minutes, when its button is pressed."),
        button=_("Open a sign-in link"),
        issued_by=login_token,
        url_name="accounts:login_link",
        link=sign_in_path,
        acts_for=READER,
    ),
    Flow(
        slug="sign-up",
        mode="NONE",
        title=_("Sign up by link"),
        sentence=_("The form that emails you a sign-in link emails an unknown address a link to join."),
        button=_("Open a sign-up link"),
        issued_by=ask,
        url_name="accounts:signup",
        link=sign_up_path,
    ),
    Flow(
        slug="preview",
        mode="ACCESS TOKEN",
        title=_("Share a draft"),
        sentence=_("The link opens one unpublished issue for a day; no table remembers it."),
        button=_("Open a link to the draft"),
        issued_by=services.preview_url,
        url_name="newsletter:preview",
        link=preview_path,
    ),
]


def find_line(function: Callable[..., Any], *starts: str) -> str:
    """Where the code of the function has a line that begins so: the file in this project, a colon, and the number."""
    code = inspect.unwrap(function)
    lines, first = inspect.getsourcelines(code)
    number = next((number for number, line in enumerate(lines, first) if line.lstrip().startswith(starts)), first)
    return f"{Path(inspect.getfile(code)).relative_to(settings.BASE_DIR).as_posix()}:{number}"


def _view(url_name: str) -> Callable[..., Any]:
    # Any argument will do: the address is only needed to find the view.
    try:
        return resolve(reverse(url_name)).func
    except NoReverseMatch:
        return resolve(reverse(url_name, args=["any"])).func


def _invitation() -> RequestToken:
    member = _person(MEMBER)
    return referrals.usable_token(referrals.invitation_of(member)) or referrals.invite(member, name=member.name)


def _person(email: str) -> User:
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, **PEOPLE[email])


def _forget(email: str) -> None:
    User.objects.filter(email=email).delete()


def _subscribed(user: User) -> Subscription:
    services.subscribe(user.email)
    return Subscription.objects.select_related("user", "unsubscribe_token").get(user=user)


def _publish(issue: DemoIssue) -> Issue:
    published_at = None if issue.days_ago is None else timezone.now() - timedelta(days=issue.days_ago)
    published, _created = Issue.objects.get_or_create(
        slug=issue.slug,
        defaults={
            "title": issue.title,
            "summary": issue.summary,
            "body": _unwrapped(issue.body),
            "published_at": published_at,
        },
    )
    return published


def _draft() -> Issue:
    """The demo's draft, or a copy if somebody has published it."""
    [text] = [issue for issue in ISSUES if issue.days_ago is None]
    found = Issue.objects.filter(slug__startswith=text.slug, published_at=None).first()
    if found is not None:
        return found
    taken = Issue.objects.filter(slug__startswith=text.slug).count()
    return _publish(text._replace(slug=f"{text.slug}-{taken + 1}" if taken else text.slug))


def _unwrapped(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
