from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.newsletter.models import Issue

MINUTE = "%Y-%m-%dT%H:%M"
LONGEST_WAIT = timedelta(days=36_500)


class IssueForm(forms.ModelForm[Issue]):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Issue
        fields = ["title", "slug", "summary", "body"]
        labels = {"slug": _("Last part of the address")}
        help_texts = {
            "slug": _("Leave empty to have it made from the title."),
            "body": _("Markdown: a blank line starts a paragraph, ## a heading, *italics*, **bold**."),
        }
        error_messages = {
            "title": {"required": _("Enter a title.")},
            "slug": {"unique": _("Another issue has this address.")},
            "body": {"required": _("Enter the text.")},
        }
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 2}),
            "body": forms.Textarea(attrs={"rows": 20}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        # The address is in emails and in other people's links by now.
        self.fields["slug"].disabled = self.instance.is_published
        self.initial["version"] = self.instance.version
        self.is_taken = False

    def clean_slug(self) -> str:
        title = self.cleaned_data.get("title")
        # On the command line a hyphen in front begins an option.
        return self.cleaned_data["slug"].lstrip("-") or (_free_slug(title, self.instance) if title else "")

    def show_slug(self) -> None:
        """When the form is shown again, have what was made of the title in the field."""
        if self.cleaned_data.get("slug"):
            self.data = {**dict(self.data.items()), "slug": self.cleaned_data["slug"]}

    def save_if_unchanged(self) -> bool:
        """
        Writes what was typed and no more; False, with an error in the form, if that cannot be.

        Somebody else has saved the issue since this form was opened, or has taken the address since it was checked.
        """
        try:
            with transaction.atomic():
                saved = self._write()
        except IntegrityError:
            self.is_taken = True
            self.add_error("slug", _("Another issue has this address."))
            return False
        if not saved:
            self.add_error(None, _("Somebody else has saved this issue since you opened it. Your text is not saved."))
            there = Issue.objects.filter(pk=self.instance.pk).values_list("version", flat=True).first()
            self.data = {**dict(self.data.items()), "version": there}
        return saved

    def _write(self) -> bool:
        if self.instance.pk is None:
            self.save()
            return True
        # Not save(): it would write the date of publication back, too, as it was when the page was opened.
        # Threat: two editors of one draft. The second to save must not wipe out what the first has written.
        values = {name: self.cleaned_data[name] for name in self.Meta.fields}
        same = Issue.objects.filter(pk=self.instance.pk, version=self.cleaned_data["version"])
        return bool(same.update(**values, version=F("version") + 1))


class ShareForm(forms.Form):
    lifetime = forms.TypedChoiceField(
        label=_("The link works for"),
        choices=[("1", _("an hour")), ("24", _("a day")), ("168", _("a week"))],
        initial="24",
        coerce=lambda hours: timedelta(hours=int(hours)),
    )


class ScheduleForm(forms.Form):
    at = forms.DateTimeField(
        label=_("Date and time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE),
        error_messages={"required": _("Enter a date and a time."), "invalid": _("Enter a date and a time.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = timezone.localtime()
        self.fields["at"].help_text = _("In the time zone %(zone)s, where it is %(now)s now.") % {
            "zone": timezone.get_current_timezone_name(),
            "now": now.strftime("%H:%M"),
        }
        self.fields["at"].widget.attrs["min"] = now.strftime(MINUTE)

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at <= timezone.now():
            raise ValidationError(_("This time has passed. To send it at once, use the button above."))
        if at > timezone.now() + LONGEST_WAIT:
            raise ValidationError(_("Enter a time within the next hundred years."))
        return at


def _free_slug(title: str, issue: Issue) -> str:
    longest = Issue._meta.get_field("slug").max_length or 0
    slug = slugify(title)[: longest - 4].strip("-") or f"issue-{timezone.localdate()}"
    taken = set(Issue.objects.exclude(pk=issue.pk).filter(slug__startswith=slug).values_list("slug", flat=True))
    numbered = (f"{slug}-{number}" for number in range(2, len(taken) + 3))
    return next(candidate for candidate in (slug, *numbered) if candidate not in taken)
