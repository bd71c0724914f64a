from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.newsletter.models import Issue

ISSUES_PER_PAGE = 20


@login_not_required
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    page = Paginator(Issue.objects.published(), ISSUES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "newsletter/archive.html", {"page": page})


@login_not_required
@require_safe
def issue(request: HttpRequest, slug: str) -> HttpResponse:
    published = get_object_or_404(Issue.objects.published(), slug=slug)
    return render(request, "newsletter/issue.html", {"issue": published})
