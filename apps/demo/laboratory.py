"""
Runs a scenario against the running site, in this process: through Django's own WSGI handler with every middleware, in
threads with connections of their own, to the database of the site. So it works on a server with one thread, too.

It makes its own people and deletes them with all that is theirs. It asks for its links without the form, which would
count in the limits of the site, and what the site writes to its people is dropped; see mailbox.py.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from importlib import import_module
from secrets import token_hex
from threading import Barrier
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import asking, known, scopes, services
from apps.accounts.models import KnownBrowser, SignInRequest, User
from apps.demo import scenarios
from apps.demo.browser import USER_AGENT, Answer, Browser
from apps.demo.clicks import change
from apps.demo.mailbox import NOWHERE
from apps.demo.scenarios import Scenario, Step, Text
from apps.site import cookies
from apps.tokens.exceptions import TokenError
from apps.tokens.models import RequestToken

TWENTY = 20
LONGEST_RUN = timedelta(minutes=10)
LONGEST_WAIT = 60  # seconds
ANSWERS: dict[str, Text] = {
    "200": gettext_lazy("a page with a button"),
    "204": gettext_lazy("an empty answer"),
    "303": gettext_lazy("done, and on to the next page"),
    "425": gettext_lazy("come back when it is wanted"),
}


@dataclass
class Moment:
    """One line of the timeline: a step, as it went."""

    step: Step
    begun_ms: float
    took_ms: float
    answers: list[Answer]
    uses: str
    signed_in: list[str]

    @property
    def who(self) -> str:
        return str(scenarios.PEOPLE[self.step.who])

    @property
    def does(self) -> str:
        return str(scenarios.DEEDS[self.step.does])

    @property
    def request(self) -> str:
        return self.answers[0].request

    @property
    def counted(self) -> dict[str, int]:
        return dict(Counter(answer.key for answer in self.answers))

    @property
    def given(self) -> list[str]:
        return in_words(self.counted)

    @property
    def wanted(self) -> list[str]:
        return in_words(self.step.answers)

    @property
    def is_as_it_must_be(self) -> bool:
        return self.counted == self.step.answers

    @property
    def examples(self) -> list[Answer]:
        """One of each kind of answer."""
        return [answer for _key, answer in sorted({answer.key: answer for answer in self.answers}.items())]


@dataclass
class Claim:
    """What must be true afterwards, and whether it is."""

    text: str
    is_true: bool


@dataclass
class Run:
    scenario: Scenario
    moments: list[Moment] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    @property
    def is_true(self) -> bool:
        return all(claim.is_true for claim in self.claims)


def run(scenario: Scenario, origin: str) -> Run:
    """The scenario, played on the site at this origin, such as "http://127.0.0.1:8000"."""
    _delete_left_over()
    handler = WSGIHandler()
    cast = {
        name: [Browser(handler, origin) for _number in range(TWENTY if name == scenarios.CROWD else 1)]
        for name in scenarios.PEOPLE
    }
    [of_owner], [of_member] = cast[scenarios.OWNER], cast[scenarios.MEMBER]
    with _person("owner") as owner, _person("member") as member, _sessions_of(cast):
        _make_known(owner, of_owner)
        _make_known(member, of_member)
        if any(step.who == scenarios.MEMBER for step in scenario.steps):
            _at_once([of_member], scenarios.PRESS, _link(asking.login_token(member)))

        token = newest = _ask(owner, of_owner)
        if scenario.link == scenarios.OLD:
            newest = _ask(owner, of_owner)
        if scenario.link == scenarios.LATE:
            token.expiration_time = timezone.now() - timedelta(days=1)
            token.save(update_fields=["expiration_time"])

        done, begun = Run(scenario), perf_counter()
        for step in scenario.steps:
            done.moments.append(_play(step, cast, newest if step.newest else token, owner, begun))
        done.claims = list(_claims(done, cast, token, owner))
    return done


def in_words(answers: dict[str, int]) -> list[str]:
    """Such as "403, This link has already been used (19 times)"."""
    return [_answer_in_words(key, times) for key, times in sorted(answers.items())]


def _answer_in_words(key: str, times: int) -> str:
    status, _space, reason = key.partition(" ")
    titles: dict[str, Any] = {leaf.code: leaf.title for leaf in TokenError.__subclasses__()}
    titles["csrf"] = _("This form has no CSRF token")
    text = f"{status}, {titles.get(reason) or ANSWERS.get(status) or HTTPStatus(int(status)).phrase}"
    return text if times == 1 else _("%(text)s (%(times)d times)") % {"text": text, "times": times}


def _play(step: Step, cast: dict[str, list[Browser]], token: RequestToken, owner: User, begun: float) -> Moment:
    browsers = cast[step.who] if len(cast[step.who]) == step.times else cast[step.who] * step.times
    before, started = _uses(token), perf_counter()
    answers = _at_once(browsers, step.does, _link(token))
    ended = perf_counter()
    uses = change(before, _uses(token))
    signed_in = [_signed_in_as(name, browsers, owner) for name, browsers in cast.items()]
    return Moment(
        step, (started - begun) * 1000, (ended - started) * 1000, answers, uses, [text for text in signed_in if text]
    )


def _at_once(browsers: list[Browser], deed: str, link: str) -> list[Answer]:
    """The same deed by all of them, in threads, at the same moment."""
    barrier = Barrier(len(browsers))

    def act(browser: Browser) -> Answer:
        try:
            send = browser.prepare(deed, link)
            barrier.wait(LONGEST_WAIT)
            return send()
        except BaseException:
            barrier.abort()
            raise
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(act, browsers))


def _claims(done: Run, cast: dict[str, list[Browser]], token: RequestToken, owner: User) -> Iterator[Claim]:
    scenario = done.scenario
    is_told = RequestToken.objects.filter(user=owner, scope=scopes.NOT_ME).exists()
    yield Claim(_("Each answer is the one that must come."), all(moment.is_as_it_must_be for moment in done.moments))
    yield Claim(scenario.must_be_used, _uses(token) == scenario.uses)
    yield Claim(scenario.must_be_signed_in, _signed_in(cast, owner) == scenario.signed_in)
    yield Claim(scenario.must_be_told, is_told == scenario.is_told)


def _signed_in(cast: dict[str, list[Browser]], owner: User) -> dict[str, int]:
    """In how many browsers of whom this user is signed in."""
    counted = {name: sum(browser.user.pk == owner.pk for browser in browsers) for name, browsers in cast.items()}
    return {name: times for name, times in counted.items() if times}


def _signed_in_as(name: str, browsers: list[Browser], owner: User) -> str:
    times = _signed_in({name: browsers}, owner).get(name, 0)
    who = str(scenarios.PEOPLE[name])
    if times and name == scenarios.OWNER:
        return who
    if times and len(browsers) > 1:
        return _("%(times)d of %(all)d browsers, as the owner") % {"times": times, "all": len(browsers)}
    if times:
        return _("%(who)s, as the owner") % {"who": who}
    return who if browsers[0].user.is_authenticated else ""


def _uses(token: RequestToken) -> int:
    return RequestToken.objects.values_list("used_to_date", flat=True).get(pk=token.pk)


def _link(token: RequestToken) -> str:
    return token.tokenise(reverse("accounts:login_link"))


def _ask(user: User, browser: Browser) -> RequestToken:
    """What the sign-in form does, without its limits and without the email."""
    response, token = HttpResponse(), asking.login_token(user)
    digest = cookies.keep_secret(response, asking.COOKIE, max_age=60 * asking.SIGNUP_LINK_MINUTES)
    SignInRequest.objects.create(token=token, browser_digest=digest, user_agent=USER_AGENT, is_silent=True)
    browser.keep(response)
    return token


def _make_known(user: User, browser: Browser) -> None:
    """As if this person had signed in here before: no notice of a new browser."""
    response = HttpResponse()
    KnownBrowser.objects.create(user=user, digest=cookies.keep_secret(response, known.COOKIE, max_age=known.YEAR))
    browser.keep(response)


@contextmanager
def _person(name: str) -> Iterator[User]:
    user = User.objects.create_user(f"{name}-{token_hex(4)}{NOWHERE}", address_proven_at=timezone.now())
    try:
        yield user
    finally:
        services.delete_account(user)


@contextmanager
def _sessions_of(cast: dict[str, list[Browser]]) -> Iterator[None]:
    try:
        yield
    finally:
        store: Any = import_module(settings.SESSION_ENGINE).SessionStore
        for key in {key for browsers in cast.values() for browser in browsers for key in browser.session_keys}:
            store(key).delete()


def _delete_left_over() -> None:
    # Of a process that was killed in the middle of a run.
    for user in User.objects.filter(email__endswith=NOWHERE, date_joined__lt=timezone.now() - LONGEST_RUN):
        services.delete_account(user)
