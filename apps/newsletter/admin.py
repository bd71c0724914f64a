from django.contrib import admin

from apps.newsletter.models import Invitation, Issue, Subscription


@admin.register(Issue)
class IssueAdmin(admin.ModelAdmin):
    list_display = ["title", "status", "published_at", "created_at"]
    list_filter = ["status"]
    search_fields = ["title", "slug", "summary"]
    prepopulated_fields = {"slug": ["title"]}
    date_hierarchy = "created_at"

    def view_on_site(self, issue: Issue) -> str | None:
        published = Issue.objects.published().filter(pk=issue.pk).exists()
        return issue.get_absolute_url() if published else None


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin):
    list_display = ["user", "confirmed_at", "unsubscribed_at", "referrer"]
    list_filter = [("unsubscribed_at", admin.EmptyFieldListFilter), "confirmed_at"]
    list_select_related = ["user", "referrer"]
    search_fields = ["user__email"]
    raw_id_fields = ["user", "referrer"]
    # The token has its own pages, where it is shown without what makes it work.
    exclude = ["unsubscribe_token"]


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    list_display = ["member", "signups"]
    list_select_related = ["member"]
    search_fields = ["member__email"]
    raw_id_fields = ["member"]
    exclude = ["token"]
    readonly_fields = ["signups"]
