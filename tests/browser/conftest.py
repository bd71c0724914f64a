"""
Real browsers on the demo. `make test-browser` installs what is needed and runs them; the default run leaves them out.

Whatever a person does in a test, the fixtures hold every page on the way to the same: see ``person``.
"""

import itertools
import shutil

import pytest

from tests.browser.person import KeyboardPerson, Person, ScriptlessPerson, sign_in
from tests.browser.site import serve_demo

EDITOR = "editor@example.com"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
EVERYBODY = {
    "in a wide window, light": (Person, {"viewport": WIDE, "color_scheme": "light"}),
    "on a phone, dark": (Person, {"viewport": NARROW, "color_scheme": "dark", "has_touch": True}),
    "by keyboard": (KeyboardPerson, {"viewport": NARROW, "color_scheme": "light"}),
    "without JavaScript": (ScriptlessPerson, {"viewport": WIDE, "color_scheme": "dark", "java_script_enabled": False}),
}
CLIENTS = (f"10.0.{number // 250}.{number % 250 + 1}" for number in itertools.count())


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with serve_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture(scope="session")
def browser():
    # Not above: this file is read in the default run, where it need not be installed.
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, f"None of these is installed: {', '.join(BROWSERS)}. `make test-browser` installs Debian's chromium."
    with sync_playwright() as playwright:
        # The arguments make a picture the same on every machine that has the same fonts.
        options = ["--force-color-profile=srgb", "--font-render-hinting=none", "--hide-scrollbars"]
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@pytest.fixture(scope="session")
def seen():
    """The states of pages that were inspected: once is enough for each."""
    return set()


@pytest.fixture
def come(browser, site, seen):
    """
    A function that lets somebody come with a browser of their own: ``come("by keyboard")``.

    When the test is over: no page asked another site, wrote into the console or broke; axe found nothing in light or
    in dark; nothing stuck out of the window; and the focus of a keyboard was always to be seen.
    """
    people, contexts = [], []

    def come(how="in a wide window, light", **options):
        kind, defaults = EVERYBODY[how]
        # A transition would be measured on its way from one color to the other.
        options = {**defaults, "reduced_motion": "reduce", **options}
        context = browser.new_context(**options, extra_http_headers={"X-Forwarded-For": next(CLIENTS)})
        context.set_default_timeout(10_000)
        # The laboratory plays all its scenarios before it answers.
        context.set_default_navigation_timeout(60_000)
        contexts.append(context)
        people.append(kind(context.new_page(), site, seen))
        return people[-1]

    yield come

    for context in contexts:
        context.close()
    faults = [fault for person in people for fault in person.faults]
    assert not faults, "\n".join(faults)


@pytest.fixture(params=list(EVERYBODY))
def person(request, come):
    """Everybody in turn: with a wide window, with a phone, with a keyboard alone, without JavaScript."""
    return come(request.param)


@pytest.fixture(scope="session")
def editors_cookies(browser, site):
    """Of a browser in which the demo's editor has signed in, once for all tests, as people do."""
    context = browser.new_context(extra_http_headers={"X-Forwarded-For": next(CLIENTS)})
    editor = Person(context.new_page(), site, set())
    sign_in(editor, EDITOR)
    yield context.storage_state()
    context.close()


@pytest.fixture(params=list(EVERYBODY))
def editor(request, come, editors_cookies):
    """The demo's editor, in each of these ways in turn."""
    return come(request.param, storage_state=editors_cookies)
