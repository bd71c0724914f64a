"""Somebody at a browser, who does there what people do: open, read, type, press, follow."""

import itertools
import re

from tests.browser.inspection import find_faults, name_state

COUNT = itertools.count(1)

# Of the element that has the focus: where it is, and whether one sees that.
DESCRIBE_FOCUS = """
() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  const isOn = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top && (element.contains(top) || top.contains(element));
  };
  const isOnTop = isOn(box.left + 2, box.top + 2) || isOn(box.left + box.width / 2, box.top + box.height / 2);
  // The stop at the calendar of a date is within it, and Chromium's own.
  const isDate = element.matches("[type=date], [type=datetime-local]");
  return {
    html: element.outerHTML.slice(0, 120),
    isPage: element === document.body,
    hasRing: isDate || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
    isInView: box.width > 0 && box.height > 0 && box.left > -1 && box.right < innerWidth + 1 && isOnTop,
    top: box.top + scrollY,
    bottom: box.bottom + scrollY,
    // A date has a stop for each of its parts.
    comesAfter: !window.lastFocus || !window.lastFocus.isConnected || window.lastFocus === element
      || Boolean(window.lastFocus.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING),
    _: void (window.lastFocus = element),
  };
}
"""


class Person:
    """With a mouse or a finger."""

    def __init__(self, page, site, seen):
        self.page, self.site, self.seen = page, site, seen
        self.faults = []
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    # What people do

    def open(self, address):
        """Types an address, of this site where it begins with a slash, or opens a link of an email."""
        self.page.goto(address if "://" in address else self.site.url + address)
        self._look()

    def follow(self, link, *, within="main"):
        self._activate(self._find("link", link, within))

    def press(self, button, *, within="main"):
        self._activate(self._find("button", button, within))

    def write(self, label, text):
        self._find_field(label).fill(text)

    def choose(self, label, option):
        self._find_field(label).select_option(option)

    def open_email(self, address):
        """The newest email to this address, in the mailbox of the demo."""
        self.open("/demo/mailbox/")
        emails = self.page.get_by_role("main").get_by_role("listitem").filter(has_text=address)
        self._activate(emails.get_by_role("link").first)

    def follow_link_in_email(self, address, *, to="rt="):
        self.open_email(address)
        self._activate(self._links_to(to).first)

    def follow_link_in_frame(self, link):
        frame = self.page.frame_locator("iframe")
        self._activate(frame.get_by_role("link", name=re.compile(link)).first)

    def unfold(self, summary):
        self._use(self.page.get_by_role("main").locator("summary").filter(has_text=summary))

    # What people see

    @property
    def heading(self):
        return self.page.get_by_role("main").get_by_role("heading", level=1).inner_text()

    @property
    def text(self):
        return self.page.get_by_role("main").inner_text()

    def find_link(self, to):
        """Where the first link of the page's text leads that has this in its address."""
        return self._links_to(to).first.get_attribute("href")

    # How

    def _find(self, role, name, within):
        if not isinstance(name, str):
            return name
        return self.page.get_by_role(within).get_by_role(role, name=re.compile(name))

    def _find_field(self, label):
        return self.page.get_by_role("main").get_by_label(re.compile(label)).first

    def _links_to(self, part):
        return self.page.get_by_role("main").locator(f'a[href*="{part}"]')

    def _activate(self, element):
        with self.page.expect_navigation():
            self._use(element)
        self._look()

    def _use(self, element):
        element.click()

    def _look(self):
        self.faults += find_faults(self.page, self.seen)

    # What people do not see

    def _note_request(self, request):
        if not request.url.startswith(f"{self.site.url}/"):
            self.faults.append(f"{self.page.url} asks {request.url}")

    def _note_response(self, response):
        if response.status >= 500:
            self.faults.append(f"{response.url} answers {response.status}")

    def _note_console(self, message):
        # A page that refuses is an answer like any other, and the console says so of each.
        is_status = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not is_status:
            self.faults.append(f"{self.page.url}: {message.text}")


class ScriptlessPerson(Person):
    """Without JavaScript; axe, which is JavaScript, has looked at the same pages of others."""

    def _look(self):
        pass


class KeyboardPerson(Person):
    """Without a mouse: with Tab to what is wanted, Enter, and the letters. The page is as narrow as at 400 % zoom."""

    LONGEST_WAY = 200

    def write(self, label, text):
        self._reach(self._find_field(label))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, label, option):
        select = self._find_field(label)
        self._reach(select)
        self.page.keyboard.type(option)

    def walk(self):
        """Every stop of Tab, from the top of the page to its end."""
        self.page.evaluate("() => { document.activeElement.blur(); window.lastFocus = null; }")
        return list(self._stops())

    def _use(self, element):
        self._reach(element)
        self.page.keyboard.press("Enter")

    def _reach(self, element):
        element.wait_for()
        if element.evaluate("(e) => e === document.activeElement"):
            return
        # After the end of the page, Tab begins at its top: a link to #preview, for one, has led past the form.
        for _stop in itertools.chain(self._stops(), self._stops()):
            if element.evaluate("(e) => e === document.activeElement"):
                return
        raise AssertionError(f"Tab does not lead to {element} on {name_state(self.page)}")

    def _stops(self):
        before = None
        for _ in range(self.LONGEST_WAY):
            self.page.keyboard.press("Tab")
            stop = self.page.evaluate(DESCRIBE_FOCUS)
            if stop["isPage"] or not stop["comesAfter"]:
                return
            self._check(stop, before)
            before = stop
            yield stop["html"]

    def _check(self, stop, before):
        if not stop["hasRing"]:
            self.faults.append(f"{name_state(self.page)}: the focus is not to be seen on {stop['html']}")
        if not stop["isInView"]:
            self.faults.append(f"{name_state(self.page)}: the focus is out of sight on {stop['html']}")
        if before and stop["bottom"] <= before["top"]:
            self.faults.append(f"{name_state(self.page)}: Tab goes up from {before['html']} to {stop['html']}")


def ask_for_link(person, address):
    person.open("/accounts/login/")
    person.write("Email address", address)
    person.press("Send me a link")


def sign_in(person, address):
    """By the link, in the browser that asked: somebody who has an account."""
    ask_for_link(person, address)
    person.follow_link_in_email(address, to="/accounts/login/link/")


def sign_up(person, address):
    ask_for_link(person, address)
    person.follow_link_in_email(address, to="/accounts/signup/")
    person.press("Make my account")


def make_address(name="browser"):
    """An address that nobody has used yet."""
    return f"{name}{next(COUNT)}@example.com"
