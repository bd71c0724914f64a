"""A visitor with a browser of their own: https, cookies, forms, and every link they ever saw."""

import http.client
import itertools
import re
import socket
import ssl
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.deployment.machine import HOST, wait_until

JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]*\.[\w-]+")
PARAMETER = re.compile(r"[?&](?:rt|at)=([^&\s\"'<>#]+)")

_numbers = itertools.count()
seen_tokens = set()
"""Every token in a page, a header or an email that anybody got."""


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def location(self):
        return self.headers["location"]


class Visitor:
    def __init__(self, machine, address=""):
        self.machine, self.address, self.cookies = machine, address, {}
        # Each from an IP address of their own: limits count by it.
        tens, ones = divmod(next(_numbers), 200)
        self._source = f"127.0.{tens}.{ones + 2}"
        self._context = ssl.create_default_context(cafile=str(machine.certificate))

    def get(self, url):
        return self.ask("GET", url)

    def post(self, url, **fields):
        return self.ask("POST", url, body=urlencode(fields))

    def submit(self, url, *, to=None, **fields):
        """Opens the page, fills in its form and presses the button."""
        page = self.get(url)
        assert page.status == 200, f"{page.status} instead of a form"
        return self.send_form(page, to or url, **fields)

    def send_form(self, page, url, **fields):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, "no form on this page"
        return self.post(url, csrfmiddlewaretoken=token[1], **fields)

    def ask(self, method, url, body=None, **headers):
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        origin = self.machine.site_url
        headers = {"Host": urlsplit(origin).netloc, "User-Agent": "test-deploy", **headers}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            # As a browser sends it: the page of the form, with its query string.
            headers |= {"Origin": origin, "Referer": f"{origin}{path}"}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        place = ("127.0.0.1", self.machine.ports["https"])
        connection = _Connection(*place, context=self._context, timeout=60, source_address=(self._source, 0))
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        self._keep_cookies(response)
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)
        remember_tokens(answer.text, answer.headers.get("location", ""), url)
        return answer

    def _keep_cookies(self, response):
        for header in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                if not morsel.value:
                    self.cookies.pop(name, None)
                    continue
                assert morsel["secure"], f"the cookie {name} would be sent over http"
                self.cookies[name] = morsel.value

    # What the person behind it does

    def emails(self):
        return self.machine.mail.to(self.address)

    def link(self, path, email=None):
        """The link to that path in the newest email."""
        text = (email or self.emails()[-1]).get_body(["plain"]).get_content()
        remember_tokens(text)
        links = {link for link in re.findall(r"https://\S+", text) if urlsplit(link).path == path}
        [link] = links
        return link

    def ask_for_sign_in(self):
        """Asks, and waits for the email: a worker sends it."""
        before = len(self.emails())
        answer = self.submit("/accounts/login/", email=self.address)
        assert answer.status == 303, f"{answer.status} to the sign-in form"
        return self._email_with("/(login/link|signup)/", before)

    def _email_with(self, link, since):
        """The newest email with such a link, after the first so many; a worker sends it."""

        def found():
            emails = self.emails()[since:]
            return [email for email in emails if re.search(link, email.get_body(["plain"]).get_content())]

        wait_until(found, "the email with the link has come", seconds=90)
        return found()[-1]

    def sign_in(self):
        email = self.ask_for_sign_in()
        for path in ("/accounts/login/link/", "/accounts/signup/"):
            try:
                link = self.link(path, email)
            except ValueError:
                continue
            # Where it was asked for a sign-in link needs no button.
            answer = self.submit(link) if path == "/accounts/signup/" else self.get(link)
            assert answer.status == 303, f"{answer.status} to the link that signs in"
            return link
        raise AssertionError("no link in the email")

    def subscribe(self, through="/newsletter/subscribe/"):
        before = len(self.emails())
        answer = self.submit(through, email=self.address)
        assert answer.status == 302, f"{answer.status} to the subscribe form"
        link = self.link("/newsletter/confirm/", self._email_with("/newsletter/confirm/", before))
        assert self.submit(link).status == 200
        return link


class _Connection(http.client.HTTPSConnection):
    """To loopback, under the name of the site: its certificate is checked."""

    def connect(self):
        self.sock = socket.create_connection((self.host, self.port), self.timeout, self.source_address)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=HOST)


def remember_tokens(*texts):
    for text in map(unescape, texts):
        seen_tokens.update(JWT.findall(text))
        seen_tokens.update(PARAMETER.findall(text))
        # Inside another address, such as ?next=...
        for _, value in parse_qsl(urlsplit(text).query if text.startswith(("/", "http")) else ""):
            seen_tokens.update(PARAMETER.findall(value))
