"""The list of tokens: filters, search and pages that cost the same at a million rows as at a hundred."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from ..admission import RequestTokenRule
from ..declared import declared_views
from ..models import RequestToken
from ..querysets import RequestTokenQuerySet

# A support question concerns one of the newest tokens, or one that is searched for.
MOST_ROWS = 10_000
MOST_USERS = 100

STATUSES = {
    "usable": _("usable"),
    "revoked": _("revoked"),
    "expired": _("expired"),
    "not_yet_valid": _("not valid yet"),
    "used_up": _("used up"),
    "inactive_user": _("account closed"),
    "user_changed": _("account changed"),
}


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than MOST_ROWS: counting a table means reading it."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_ROWS].count())

    @property
    def is_cut(self) -> bool:
        return self.count >= MOST_ROWS


class StatusFilter(admin.SimpleListFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        # A changed account shows only in a digest, which SQL does not know.
        return [(code, label) for code, label in STATUSES.items() if code != "user_changed"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestToken]) -> QuerySet[RequestToken]:
        return with_status(queryset, self.value()) if self.value() in STATUSES else queryset


class ScopeFilter(admin.SimpleListFilter):
    title = _("scope")
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # From the views, not from the rows: SELECT DISTINCT reads them all. The search finds other scopes.
        rules = [rule for found in declared_views() for rule in found.rules]
        scopes = {rule.scope for rule in rules if isinstance(rule, RequestTokenRule)} | {
            self.used_parameters.get("scope")
        }
        return [(scope, scope) for scope in sorted(filter(None, scopes))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestToken]) -> QuerySet[RequestToken]:
        return queryset.filter(scope=self.value()) if self.value() else queryset


def with_status(tokens: QuerySet[RequestToken], status: str | None) -> QuerySet[RequestToken]:
    """The tokens of this status: those with this reason against them and with none of the reasons before it."""
    now, users = timezone.now(), get_user_model()
    reasons = {
        "revoked": Q(revoked_at__isnull=False),
        "expired": Q(expiration_time__lte=now),
        "not_yet_valid": Q(not_before_time__gt=now),
        "used_up": Q(max_uses__isnull=False, used_to_date__gte=F("max_uses")),
    }
    if "is_active" in {field.name for field in users._meta.concrete_fields}:
        # Not by a join: the few closed accounts come first, and their tokens by the index.
        reasons["inactive_user"] = Q(user__in=users._base_manager.filter(is_active=False))
    for reason, condition in reasons.items():
        if reason == status:
            return tokens.filter(condition)
        tokens = tokens.exclude(condition)
    return tokens if status == "usable" else tokens.none()


def search(tokens: RequestTokenQuerySet, text: str) -> QuerySet[RequestToken]:
    """The token of this id; or those of a user, by address or its beginning; or those whose scope begins so."""
    if text.isascii() and text.isdecimal():
        return tokens.filter(pk=int(text)) if len(text) <= 18 else tokens.none()
    users = _users(text)
    if users:
        return tokens.filter(user__in=users)
    return tokens.filter(scope__startswith=text)


def _users(text: str) -> list[Any]:
    model = get_user_model()
    columns = {field.name for field in model._meta.concrete_fields}
    names = sorted(columns & {model.USERNAME_FIELD, model.get_email_field_name()})

    def find(lookup: str) -> Any:
        condition = Q(*[Q(**{f"{name}__{lookup}": text}) for name in names], _connector=Q.OR)
        return model._base_manager.filter(condition).values_list("pk", *names)[:MOST_USERS]

    # The whole name first: that has an index, and a beginning in any case has none.
    found = list(find("exact")) or (list(find("istartswith")) if "@" in text else [])
    whole = [user for user in found if text.lower() in (str(name).lower() for name in user[1:])]
    return [user[0] for user in whole or found]
