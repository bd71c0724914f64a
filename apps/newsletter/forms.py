from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.site.addresses import AddressField

MOST_READERS = 1_000_000
LONGEST_INVITATION = timedelta(days=3650)


class SubscribeForm(forms.Form):
    email = AddressField()


class InvitationForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The people who open your link are greeted with it."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        # Threat: the name is shown to strangers under our address, so it must not carry a link or an address.
        validators=[RegexValidator(r"[@:/\\<>]", _("Enter a name without @ : / \\ < or >."), inverse_match=True)],
    )
    quota = forms.IntegerField(
        label=_("Number of readers"),
        help_text=_("Leave empty for no limit. Readers count when they confirm."),
        min_value=1,
        max_value=MOST_READERS,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("Enter a whole number from 1 to a million, or leave it empty.")
        ),
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        help_text=_(
            "Leave empty for a link without an end. If you change the day, you get a new link; "
            "the one you have shared works until the earlier of the two days."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
        error_messages={"invalid": _("Enter a date such as 2030-12-31, or leave it empty.")},
    )

    def clean_expires_on(self) -> datetime | None:
        """The end of that day, in the time zone of the site."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        today = timezone.localdate()
        if day < today:
            raise ValidationError(_("This day has passed. Choose a later one."))
        if day > today + LONGEST_INVITATION:
            raise ValidationError(_("Choose a day within ten years, or leave it empty."))
        return timezone.make_aware(datetime.combine(day, time.max.replace(microsecond=0)))
