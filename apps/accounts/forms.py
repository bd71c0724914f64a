import re

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.site.addresses import AddressField


class LoginForm(forms.Form):
    """An address, known or not."""

    email = AddressField()


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["name"]
        labels = {"name": _("Display name")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_name(self) -> str:
        # Threat: a line break in a name would end a header of the email.
        name = " ".join(self.cleaned_data["name"].split())
        # Threat: characters that command a terminal, or turn the direction of what follows them.
        return re.sub(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", name)
