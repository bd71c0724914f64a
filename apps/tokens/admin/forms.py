"""What staff types: a link to be explained, or what a new link is to do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from ..models import RequestToken

LONGEST_LINK = 2**18


class ExplainForm(forms.Form):
    link = forms.CharField(
        label=_("Link, token or id"),
        max_length=LONGEST_LINK,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As the visitor got it. It is not stored, and nothing is used up."),
    )
    visitor = forms.CharField(
        label=_("Signed in as"),
        required=False,
        max_length=254,
        help_text=_("The address or name of the user who opens the link while signed in. Leave empty for nobody."),
    )

    def clean_visitor(self) -> Any:
        name = self.cleaned_data["visitor"]
        try:
            return get_user_model()._default_manager.get_by_natural_key(name) if name else None
        except ObjectDoesNotExist:
            raise forms.ValidationError(_("There is no such user.")) from None


class IssueForm(forms.ModelForm):  # type: ignore[type-arg]  # Django itself cannot be subscripted here
    # Set by the admin, for each request.
    request: HttpRequest

    address = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_("Where the link leads, such as /newsletter/unsubscribe/. The page must take this scope."),
    )

    class Meta:
        model = RequestToken
        fields = ["address", "scope", "login_mode", "user", "data", "not_before_time", "expiration_time", "max_uses"]

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        # Threat: a link that hands the token to another site.
        hosts = {self.request.get_host(), *settings.ALLOWED_HOSTS}
        is_ours = url_has_allowed_host_and_scheme(address, hosts)
        if not is_ours or not (address.startswith("/") or "://" in address):
            raise forms.ValidationError(_("This must be an address of this site, such as /newsletter/unsubscribe/."))
        return address

    def clean_user(self) -> Any:
        user: Any = self.cleaned_data["user"]
        # Threat: staff who may issue links make one that acts for a superuser, and open it themselves.
        is_mightier = getattr(user, "is_staff", False) or getattr(user, "is_superuser", False)
        if is_mightier and not self.request.user.is_superuser and user != self.request.user:
            raise forms.ValidationError(_("Only a superuser may issue a link that acts for a member of the staff."))
        return user
