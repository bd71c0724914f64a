"""What to call a browser on a page or in an email."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

# The first that is found: Edge calls itself Chrome as well, and Chrome Safari.
BROWSERS = {
    "Firefox/": "Firefox", "FxiOS/": "Firefox", "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet",
    "CriOS/": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "ChromeOS", "Windows": "Windows",
    "Mac OS X": "macOS", "Linux": "Linux",
}  # fmt: skip


def user_agent_of(request: HttpRequest) -> str:
    """The User-Agent header, as it fits into a database."""
    return request.headers.get("User-Agent", "").replace("\0", "")[:500]


def browser_name(user_agent: str) -> str:
    """Such as "Firefox on Linux"."""
    # Threat: a stranger's words in our email. The visitor writes the header; only names of these lists come out.
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    if not browser:
        return _("an unknown browser")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
