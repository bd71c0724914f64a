"""A browser without a screen, for the laboratory: it asks this site in this process, through every middleware of it."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse

from apps.demo import scenarios
from apps.demo.clicks import Click, user_of_session
from apps.demo.inside import SINK

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
# A network for documentation (RFC 3849): nobody's.
ADDRESS = "2001:db8::1"


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
