from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

EMAIL = get_user_model()._meta.get_field("email")


class SubscribeForm(forms.Form):
    # The user model's own field: what it would not store is refused here.
    email = EMAIL.formfield(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your e-mail address."),
            "invalid": _("Enter a whole e-mail address, such as reader@example.com."),
        },
    )


class InvitationForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The people who open your link are greeted with it."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        # Threat: the name is shown to strangers under our address, so it must not carry a link or an address.
        validators=[RegexValidator(r"[@:/\\<>]", _("A name without @ : / \\ < > please."), inverse_match=True)],
    )
