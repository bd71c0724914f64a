import re
from html import unescape

from django.test import Client


class Visitor(Client):
    """A browser: it has cookies, its forms need their CSRF token, and it presses the button of a page."""

    def __init__(self, **defaults):
        super().__init__(enforce_csrf_checks=True, **defaults)

    def press(self, page, **fields):
        """Send the first form of a page that was opened, to where the form says, with its hidden fields."""
        form = re.search(r"<main.*?(<form [^>]*>.*?</form>)", page.text, re.DOTALL)[1]
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
        action = re.search(r'^<form [^>]*action="([^"]+)"', form)
        url = unescape(action[1]) if action else page.wsgi_request.get_full_path()
        return self.post(url, {name: unescape(value) for name, value in hidden} | fields)

    @property
    def user_id(self):
        user_id = self.session.get("_auth_user_id")
        return user_id and int(user_id)
