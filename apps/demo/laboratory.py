"""
Runs a scenario against the running site, in this process: through Django's own WSGI handler with every middleware, in
threads with connections of their own, to the database of the site. So it works on a server with one thread, too.

It makes its own people and deletes them with all that is theirs. It asks for its links without the form, which would
count in the limits of the site, and what the site writes to its people is dropped; see mailbox.py.
"""

import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from http import HTTPStatus
from importlib import import_module
from secrets import token_hex
from threading import Barrier
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts import asking, known, scopes, services
from apps.accounts.models import KnownBrowser, SignInRequest, User
from apps.demo import scenarios
from apps.demo.inside import SINK, Click, user_of_session
from apps.demo.mailbox import NOWHERE
from apps.demo.scenarios import Scenario, Step, Text
from apps.site import cookies
from apps.tokens.exceptions import TokenError
from apps.tokens.models import RequestToken

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
# A network for documentation (RFC 3849): nobody's.
ADDRESS = "2001:db8::1"
TWENTY = 20
LONGEST_RUN = timedelta(minutes=10)
LONGEST_WAIT = 60  # seconds
ANSWERS: dict[str, Text] = {
    "200": gettext_lazy("a page with a button"),
    "204": gettext_lazy("an empty answer"),
    "303": gettext_lazy("signed in, and on to the next page"),
    "425": gettext_lazy("come back when it is wanted"),
}


@dataclass
class Answer:
    request: str
    status: int
    text: str
    click: Click | None
    """From inside; None for a request without a token."""

    @property
    def key(self) -> str:
        """As scenarios have it: the status, and for a refusal its reason."""
        reason = self.click.reason if self.click else ""
        return f"{self.status} {reason}" if self.status == 403 else str(self.status)


class Browser:
    """Keeps cookies, and presses buttons."""

    def __init__(self, handler: WSGIHandler, origin: str) -> None:
        self.handler, self.origin = handler, origin
        self.cookies: dict[str, str] = {}
        # Every session it has had.
        self.session_keys: set[str] = set()

    def prepare(self, deed: str, url: str) -> Callable[[], Answer]:
        """The request of this deed, with the cookies of this moment, to be sent by a call."""
        match deed:
            case scenarios.PRESS:
                form = Form(self.prepare(scenarios.GET, url)().text)
                return self._prepare(form.method.upper(), urljoin(url, form.action), form=form.fields)
            case scenarios.PREFETCH:
                return self._prepare("GET", url, HTTP_SEC_PURPOSE="prefetch")
            case scenarios.BARE_POST:
                return self._prepare("POST", url)
            case scenarios.CUT:
                return self._prepare("GET", url[:-1])
        return self._prepare(deed, url)

    def _prepare(
        self, method: str, url: str, *, form: dict[str, str] | None = None, **headers: str
    ) -> Callable[[], Answer]:
        environ = self._environ(method, url, urlencode(form or {}).encode()) | headers
        return lambda: self._send(environ)

    @property
    def user(self) -> Any:
        """The one who is signed in here."""
        return user_of_session(self.cookies.get(settings.SESSION_COOKIE_NAME))

    def _environ(self, method: str, url: str, body: bytes) -> dict[str, Any]:
        parts, site = urlsplit(url), urlsplit(self.origin)
        return {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "SERVER_NAME": site.hostname,
            "SERVER_PORT": str(site.port or {"https": 443}.get(site.scheme, 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": site.netloc,
            "HTTP_USER_AGENT": USER_AGENT,
            "HTTP_REFERER": self.origin + parts.path,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "REMOTE_ADDR": ADDRESS,
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": site.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            SINK: [],
        }

    def _send(self, environ: dict[str, Any]) -> Answer:
        response: Any = self.handler(environ, lambda status, headers, exc_info=None: lambda data: None)
        try:
            text = b"".join(response).decode(errors="replace")
        finally:
            response.close()
        self.keep(response)
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        return Answer(request, response.status_code, text, next(iter(environ[SINK]), None))

    def keep(self, response: HttpResponse) -> None:
        """The cookies of this response."""
        for name, cookie in response.cookies.items():
            if not cookie.value:  # deleted
                self.cookies.pop(name, None)
                continue
            self.cookies[name] = cookie.value
            if name == settings.SESSION_COOKIE_NAME:
                self.session_keys.add(cookie.value)


class Form(HTMLParser):
    """The first form in the <main> of a page: where it goes, and its hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.method, self.action, self.fields = "get", "", dict[str, str]()
        self.place = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.place = "main"
        elif tag == "form" and self.place == "main":
            self.place, self.method, self.action = "form", values.get("method", "get"), values.get("action", "")
        elif tag == "input" and self.place == "form" and values.get("type") == "hidden":
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.place == "form":
            self.place = "after"


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
    return text if times == 1 else ngettext("%(text)s (once)", "%(text)s (%(times)d times)", times) % {
        "text": text, "times": times,
    }  # fmt: skip


def _play(step: Step, cast: dict[str, list[Browser]], token: RequestToken, owner: User, begun: float) -> Moment:
    browsers = cast[step.who] if len(cast[step.who]) == step.times else cast[step.who] * step.times
    before, started = _uses(token), perf_counter()
    answers = _at_once(browsers, step.does, _link(token))
    ended = perf_counter()
    after = _uses(token)
    uses = str(before) if before == after else f"{before} → {after}"
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
