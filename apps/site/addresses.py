"""Email addresses as visitors, payloads and files give them, and as the user model stores them."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class AddressField(forms.EmailField):
    """The address field of the site's forms. Its value is the address as it is stored."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"})
    default_error_messages = {
        "required": _("Enter your email address."),
        "invalid": _("Enter a whole email address, such as reader@example.com."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Email address"), "max_length": 254, **kwargs})

    def clean(self, value: Any) -> str:
        return clean_address(super().clean(value))


def clean_address(text: str) -> str:
    """The address as it is stored. Raises ValidationError for what the user model would not store."""
    address: str = get_user_model()._meta.get_field("email").clean(text, None)
    return address


def read_address(text: str) -> str:
    """The address as it is stored, or an empty string if the text is not one."""
    try:
        return clean_address(text.strip())
    except ValidationError:
        return ""
