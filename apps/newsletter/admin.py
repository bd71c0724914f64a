from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.newsletter import sending, services
from apps.newsletter.models import Delivery, Invitation, Issue, Subscription, Suppression
from apps.newsletter.models.ledger import DeliveryQuerySet
from apps.newsletter.models.subscription import SubscriptionQuerySet


@admin.register(Issue)
class IssueAdmin(admin.ModelAdmin[Issue]):
    list_display = ["title", "status", "published_at", "created_at"]
    list_filter = ["status"]
    search_fields = ["title", "slug", "summary"]
    prepopulated_fields = {"slug": ["title"]}
    date_hierarchy = "created_at"
    # Its states are changed by the staff pages and by workers, each in one conditional UPDATE.
    readonly_fields = ["status", "published_at", "pause_reason", "recipient_count"]

    def save_model(self, request: HttpRequest, obj: Issue, form: ModelForm[Issue], change: bool) -> None:
        # Threat: a page opened before the issue was sent, saved while it is: the old state must not come back.
        obj.save(update_fields=form.changed_data if change else None)

    def view_on_site(self, issue: Issue) -> str | None:
        published = Issue.objects.published().filter(pk=issue.pk).exists()
        return issue.get_absolute_url() if published else None


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin[Delivery]):
    """To look at; and to settle, by two actions, what docs/sending.md calls a mail in doubt."""

    list_display = ["__str__", "issue", "subscription", "attempts", "error", "finished_at"]
    list_filter = ["status", "issue"]
    list_select_related = ["issue", "subscription__user"]
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> list[str]:
        return [field.name for field in Delivery._meta.fields]


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin[Subscription]):
    list_display = ["user", "confirmed_at", "unsubscribed_at", "leaving_reason", "referrer", "is_self_referral"]
    list_filter = [
        ("unsubscribed_at", admin.EmptyFieldListFilter),
        "confirmed_at",
        "leaving_reason",
        "is_self_referral",
    ]
    list_select_related = ["user", "referrer"]
    search_fields = ["user__email"]
    raw_id_fields = ["user"]
    # Leaving is more than a date, see the action; and who invited whom is counted elsewhere, too.
    readonly_fields = ["unsubscribed_at", "leaving_reason", "leaving_comment", "referrer", "is_self_referral"]
    # The token has its own pages, where it is shown without what makes it work.
    exclude = ["unsubscribe_token"]
    actions = ["unsubscribe"]

    @admin.action(description=_("Unsubscribe the selected readers"), permissions=["change"])
    def unsubscribe(self, request: HttpRequest, subscriptions: SubscriptionQuerySet) -> None:
        outcomes = [services.unsubscribe(subscription.user) for subscription in subscriptions.select_related("user")]
        count = outcomes.count(services.Outcome.UNSUBSCRIBED)
        text = ngettext("%d reader is unsubscribed.", "%d readers are unsubscribed.", count)
        self.message_user(request, text % count, messages.SUCCESS)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin[Invitation]):
    list_display = ["member", "clicks", "signups", "confirmed", "quota"]
    list_select_related = ["member"]
    search_fields = ["member__email"]
    raw_id_fields = ["member"]
    exclude = ["token"]
    readonly_fields = ["clicks", "signups", "confirmed"]


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin[Suppression]):
    """Who asks "is my address on it?" is answered by typing the whole address into the search field."""

    list_display = ["__str__", "created_at", "key_id"]
    search_fields = ["address_hash"]
    search_help_text = _("A whole e-mail address.")

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
