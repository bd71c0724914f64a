from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from ..exceptions import TokenError
from ..explain import explain
from ..models import RequestToken
from ..querysets import RequestTokenQuerySet
from .forms import ExplainForm, IssueForm
from .lists import MOST_ROWS, STATUSES, CappedPaginator, ScopeFilter, StatusFilter, search

HISTORY_ROWS = 50


@admin.register(RequestToken)
class RequestTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    # Threat: staff who may only look, and a link that signs in as a superuser. No JWT of a stored token is shown
    # here, ever: it could be copied. Payload and scope are escaped by the admin like any text.
    form = IssueForm
    list_display = ("id", "scope", "login_mode", "user", "status", "used_to_date", "max_uses", "issued_at")
    list_filter = (StatusFilter, "login_mode", ScopeFilter)
    list_select_related = ("user",)
    search_fields = ("pk",)  # so that there is a search; get_search_results does it
    search_help_text = gettext_lazy(
        "An id, an email address or its beginning up to the @, or the beginning of a scope."
    )
    ordering = ("-pk",)
    list_per_page = 50
    # Sorting by another column would read the whole table.
    sortable_by = ("id",)
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    raw_id_fields = ("user",)
    issued_fields = (
        "status",
        "used_to_date",
        "last_used_at",
        "issued_at",
        "revoked_at",
        "revoked_by",
        "revoked_reason",
    )
    actions = ("revoke",)
    change_list_template = "tokens/admin/change_list.html"
    change_form_template = "tokens/admin/token.html"

    # Who may do what

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "issue")

    def has_change_permission(self, request: HttpRequest, obj: RequestToken | None = None) -> bool:
        # A link that has been sent is not edited: the form would write back counts that clicks
        # have changed since it was opened. Revoke it and make another.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RequestToken | None = None) -> bool:
        # One at a time, for the history goes along; prune_request_tokens deletes what is over.
        return obj is not None and super().has_delete_permission(request, obj)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "change")

    def _may(self, request: HttpRequest, action: str) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename(action, self.opts)}")

    # The list

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return (search(queryset, search_term) if search_term else queryset), False

    @admin.display(description=gettext_lazy("status"))
    def status(self, token: RequestToken) -> str | Promise:
        try:
            token.check_usable()
            token.check_user()
        except TokenError as error:
            return STATUSES.get(error.code, error.code)
        return STATUSES["usable"]

    @admin.action(description=gettext_lazy("Revoke selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: RequestTokenQuerySet) -> None:
        # Threat: "select all 10000", where the list is cut at that and the action would reach a million.
        if request.POST.get("select_across") == "1" and tokens.order_by()[:MOST_ROWS].count() >= MOST_ROWS:
            text = _("These are too many to revoke here. Select fewer, or use manage.py revoke_tokens.")
            self.message_user(request, text, messages.ERROR)
            return
        count = tokens.revoke(by=request.user)
        text = ngettext("%d token was revoked.", "%d tokens were revoked.", count) % count
        self.message_user(request, text, messages.SUCCESS)

    # One token

    def get_fields(self, request: HttpRequest, obj: RequestToken | None = None) -> Any:
        fields = tuple(IssueForm.Meta.fields)
        return fields if obj is None else fields[1:] + self.issued_fields

    def get_readonly_fields(self, request: HttpRequest, obj: RequestToken | None = None) -> Any:
        return () if obj is None else self.issued_fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"request": request})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        only_save = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().add_view(request, form_url, {**only_save, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        token: Any = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = (
            {}
            if token is None
            else {
                # A link in every email of a year has tens of thousands of rows.
                "logs": token.logs.select_related("user").order_by("-pk")[:HISTORY_ROWS],
                "may_revoke": self.has_revoke_permission(request) and token.revoked_at is None,
            }
        )
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def response_add(self, request: HttpRequest, obj: RequestToken, post_url_continue: Any = None) -> HttpResponse:
        """The link, this once: it is neither stored nor kept in a message, and the page is not cached."""
        link = request.build_absolute_uri(obj.tokenise(request.POST["address"].strip()))
        context = {"title": _("The new link"), "token": obj, "link": link, "explanation": explain(link)}
        return self._page(request, "issued", context)

    # Pages of our own

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("explain/", view(self.explain_view), name=f"{name}_explain"),
            path("<path:object_id>/revoke/", view(self.revoke_view), name=f"{name}_revoke"),
            *super().get_urls(),
        ]

    @method_decorator(sensitive_post_parameters("link"))
    def explain_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ExplainForm(request.POST if request.method == "POST" else None)
        explanation = None
        if form.is_valid():
            explanation = explain(form.cleaned_data["link"], visitor=form.cleaned_data["visitor"])
            # Threat: a working link in a page that is printed or photographed. What was pasted is not shown again.
            form = ExplainForm()
        context = {"title": _("Explain a link"), "form": form, "explanation": explanation}
        return self._page(request, "explain", context)

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The button on a token's page; a GET, as after signing in again, goes to the page with the button."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        token: Any = self.get_object(request, unquote(object_id))
        if token is None:
            raise Http404
        if request.method == "POST":
            token.revoke(by=request.user)
            self.message_user(request, _("The token was revoked."), messages.SUCCESS)
        change = partial(reverse, f"admin:{self.opts.app_label}_{self.opts.model_name}_change")
        return redirect(change(args=[token.pk], current_app=self.admin_site.name))

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"tokens/admin/{name}.html", context)
