from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.newsletter.models import Subscription
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
        validators=[RegexValidator(r"[@:/\\<>]", _("A name without @ : / \\ < > please."), inverse_match=True)],
    )
    quota = forms.IntegerField(
        label=_("Readers at most"),
        help_text=_("Empty: as many as like to come. Counted when they confirm."),
        min_value=1,
        max_value=MOST_READERS,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("Enter a whole number from 1 to a million, or nothing.")
        ),
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        help_text=_("Empty: none. Another day makes another link; the one you passed on keeps the earlier of the two."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
        error_messages={"invalid": _("Enter a day such as 2030-12-31, or nothing.")},
    )

    def clean_expires_on(self) -> datetime | None:
        """The end of that day, in the time zone of the site."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        today = timezone.localdate()
        if day < today:
            raise ValidationError(_("That day is over. Choose a later one."))
        if day > today + LONGEST_INVITATION:
            raise ValidationError(_("Choose a day within ten years, or none."))
        return timezone.make_aware(datetime.combine(day, time.max.replace(microsecond=0)))


class LeavingReasonForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Rather not say")), *Subscription.LeavingReason.choices],
        required=False,
        error_messages={"invalid_choice": _("Choose one of the reasons in the list.")},
    )
    comment = forms.CharField(
        label=_("In your words"),
        max_length=Subscription._meta.get_field("leaving_comment").max_length,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
