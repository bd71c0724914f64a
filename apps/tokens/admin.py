"""Tokens for support: who was given which link, what became of it, and a way to withdraw it."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .exceptions import TokenError
from .models import RequestToken
from .querysets import RequestTokenQuerySet

HISTORY_ROWS = 50


@admin.register(RequestToken)
class RequestTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    # Threat: staff who may only look, and a link that signs in as a superuser. No JWT is shown
    # here, ever: it could be copied. Payload and scope are escaped by the admin like any text.
    list_display = ("id", "scope", "login_mode", "user", "status", "used_to_date", "max_uses", "issued_at")
    list_filter = ("login_mode", "scope")
    list_select_related = ("user",)
    search_fields = ("=id", "scope")
    date_hierarchy = "issued_at"
    raw_id_fields = ("user",)
    fields = (
        "scope", "login_mode", "user", "data", "not_before_time", "expiration_time", "max_uses",
        "status", "used_to_date", "last_used_at", "issued_at", "revoked_at", "revoked_by", "revoked_reason", "history",
    )  # fmt: skip
    readonly_fields = (
        "status", "used_to_date", "last_used_at", "issued_at", "revoked_at", "revoked_by", "revoked_reason", "history",
    )  # fmt: skip
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: RequestToken | None = None) -> bool:
        # A link that has been sent is not edited: the form would write back counts that clicks
        # have changed since it was opened. Revoke it and make another.
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_requesttoken")

    @admin.display(description=_("status"))
    def status(self, token: RequestToken) -> str:
        try:
            token.check_usable()
            token.check_user()
        except TokenError as error:
            return error.code
        return "usable"

    @admin.display(description=_("history, newest first"))
    def history(self, token: RequestToken) -> str:
        # A link in every mail of a year has tens of thousands of rows.
        rows = token.logs.order_by("-pk")[:HISTORY_ROWS]
        lines = (
            (
                f"{row.timestamp:%Y-%m-%d %H:%M:%S}",
                row.reason,
                row.status_code,
                row.method,
                row.client_ip,
                row.user_agent,
            )
            for row in rows
        )
        return format_html_join("", "<div>{} {} {} {} {} {}</div>", lines) or "-"

    @admin.action(description=_("Revoke selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: RequestTokenQuerySet) -> None:
        count = tokens.revoke(by=request.user)
        text = ngettext("%d token was revoked.", "%d tokens were revoked.", count) % count
        self.message_user(request, text, messages.SUCCESS)
