from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.mailing import sending
from apps.mailing.models import Delivery, Dispatch, LeavingReason, Suppression
from apps.mailing.models.ledger import DeliveryQuerySet
from apps.newsletter.admin import SubscriptionAdmin
from apps.newsletter.models import Subscription


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """To look at: the editors' desk and the workers change these rows, each in one conditional UPDATE."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields]


@admin.register(Dispatch)
class DispatchAdmin(ReadOnlyAdmin):
    list_display = ["issue", "status", "scheduled_at", "started_at", "finished_at", "recipient_count"]
    list_filter = ["status"]
    list_select_related = ["issue"]
    search_fields = ["issue__title", "issue__slug"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """To look at; and to settle, by two actions, what docs/sending.md calls an email in doubt."""

    list_display = ["__str__", "dispatch", "subscription", "attempts", "error", "finished_at"]
    list_filter = ["status", "dispatch"]
    list_select_related = ["dispatch__issue", "subscription__user"]
    search_fields = ["=id", "subscription__user__email"]
    actions = ["confirm_sent", "send_again"]
    show_full_result_count = False

    @admin.action(description=_("In doubt: it went out"), permissions=["change"])
    def confirm_sent(self, request: HttpRequest, deliveries: DeliveryQuerySet) -> None:
        self._tell(request, deliveries.confirm_sent())

    @admin.action(description=_("In doubt: send it again"), permissions=["change"])
    def send_again(self, request: HttpRequest, deliveries: DeliveryQuerySet) -> None:
        self._tell(request, sending.send_again(deliveries))

    def _tell(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%d delivery was changed.", "%d deliveries were changed.", count)
        self.message_user(request, text % count, messages.SUCCESS)


class SubscriptionForm(forms.ModelForm[Subscription]):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        user = self.cleaned_data.get("user") or getattr(self.instance, "user", None)
        # The admin is the one place where somebody can be subscribed without having confirmed.
        if user and self.instance.unsubscribed_at is None and Suppression.objects.find([user.email]):
            raise ValidationError(
                _("This address has unsubscribed. Only its owner can take that back, by subscribing again.")
            )
        return cleaned


class LeavingReasonInline(admin.TabularInline[LeavingReason, Subscription]):
    model = LeavingReason
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.unregister(Subscription)


@admin.register(Subscription)
class MailingSubscriptionAdmin(SubscriptionAdmin):
    """The newsletter's, and what this app knows of its readers: why they left, and who must not be brought back."""

    form = SubscriptionForm
    list_filter = [*SubscriptionAdmin.list_filter, "leaving__reason"]

    def get_inlines(self, request: HttpRequest, obj: Subscription | None) -> list[Any]:
        return [LeavingReasonInline] if obj else []


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin[Suppression]):
    """To answer "is my address on it?", type the whole address into the search field."""

    list_display = ["__str__", "created_at", "key_id"]
    search_fields = ["address_hash"]
    search_help_text = _("A whole email address.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if search_term:
            queryset = queryset.filter(pk__in=Suppression.objects.of(search_term))
        return queryset, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False
