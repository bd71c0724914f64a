from django.contrib import admin, messages
from django.db.models import F
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.newsletter import services
from apps.newsletter.models import Invitation, Issue, Subscription, SubscriptionQuerySet


@admin.register(Issue)
class IssueAdmin(admin.ModelAdmin[Issue]):
    list_display = ["title", "published_at", "created_at"]
    search_fields = ["title", "slug", "summary"]
    prepopulated_fields = {"slug": ["title"]}
    date_hierarchy = "created_at"

    def save_model(self, request: HttpRequest, obj: Issue, form: ModelForm[Issue], change: bool) -> None:
        if not change:
            obj.save()
            return
        # Threat: a page opened before the issue was published or sent, saved afterwards: the old date must not come
        # back. And an editor who has the text open elsewhere must be told that it has changed.
        obj.version = F("version") + 1
        obj.save(update_fields=[*form.changed_data, "version"])

    def view_on_site(self, issue: Issue) -> str | None:
        return issue.get_absolute_url() if issue.is_published else None


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin[Subscription]):
    list_display = ["user", "confirmed_at", "unsubscribed_at", "referrer", "is_self_referral"]
    list_filter = [("unsubscribed_at", admin.EmptyFieldListFilter), "confirmed_at", "is_self_referral"]
    list_select_related = ["user", "referrer"]
    search_fields = ["user__email"]
    raw_id_fields = ["user"]
    # Leaving is more than a date, see the action; and invitations count elsewhere, too.
    readonly_fields = ["unsubscribed_at", "referrer", "is_self_referral"]
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
