"""The reason for leaving, from readers who want to give one. Asked afterwards: nothing stands before leaving."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.mailing.models import LeavingReason
from apps.newsletter.models import Subscription
from apps.newsletter.scopes import UNSUBSCRIBE
from apps.site.http import UserTokenRequest
from apps.tokens.decorators import use_request_token


class LeavingReasonForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Rather not say")), *LeavingReason.Reason.choices],
        required=False,
        error_messages={"invalid_choice": _("Choose one of the reasons in the list.")},
    )
    comment = forms.CharField(
        label=_("In your words"),
        max_length=LeavingReason._meta.get_field("comment").max_length,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )


@login_not_required
@use_request_token(scope=UNSUBSCRIBE, required=True)
@require_http_methods(["GET", "POST"])
def leaving_reason(request: UserTokenRequest) -> HttpResponse:
    form = LeavingReasonForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "undo_url": request.token.tokenise(reverse("newsletter:resubscribe"))}
    if form.is_valid():
        left = Subscription.objects.filter(user=request.user, unsubscribed_at__isnull=False).first()
        if left is not None:
            LeavingReason.objects.update_or_create(subscription=left, defaults=form.cleaned_data)
        context["form"] = None
    return render(request, "mailing/leaving_reason.html", context)
