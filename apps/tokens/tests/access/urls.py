"""Views for holders of access tokens. They answer what request.user may do, as the view sees it."""

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import DetailView

from ...access.backends import scope_of
from ...access.decorators import AccessTokenRequiredMixin, access_token_required
from ...access.rows import granted
from ...decorators import use_request_token
from ..sample.models import Item, TextKey

READ = "sample.read_item"

# Objects that a view has seen, for tests of what becomes of them afterwards.
kept = {}


def ran(request, *args, **kwargs):
    return HttpResponse("ran")


async def ran_async(request, *args, **kwargs):
    return HttpResponse("ran")


def found_here(request, pk):
    return get_object_or_404(Item, pk=pk)


def first_or_none(request, pk):
    return Item.objects.filter(pk=pk).first()


def not_found_here(request, pk):
    raise Http404


def state_of(obj):
    return f"state {obj.pk}"


class ByMixin(AccessTokenRequiredMixin, DetailView):
    model = Item
    access_permissions = READ

    def render_to_response(self, context, **kwargs):
        return HttpResponse("ran")


class ByFunctions(AccessTokenRequiredMixin, View):
    access_permissions = (READ, "sample.write_item")

    @staticmethod
    def access_object(request, pk):
        return get_object_or_404(Item, pk=pk)

    @staticmethod
    def access_state(item):
        return state_of(item)

    def get(self, request, pk):
        return HttpResponse("ran")


class AsyncByMixin(AccessTokenRequiredMixin, View):
    model = Item
    access_permissions = READ

    async def get(self, request, pk):
        return HttpResponse("ran")


@method_decorator(access_token_required(READ, obj=Item), name="dispatch")
class ByMethodDecorator(View):
    def get(self, request, pk):
        return HttpResponse("ran")


@access_token_required(READ, obj=Item)
def rights(request, pk):
    """?perm=...&on=... : what has_perm says. Without a token of ours a view below says the same."""
    return _rights(request)


def rights_without_rule(request):
    return _rights(request)


@access_token_required(READ, obj=Item)
async def rights_async(request, pk):
    user = await request.auser()
    answer = await user.ahas_perm(request.GET["perm"], await sync_to_async(_asked)(request))
    return JsonResponse({"may": answer, "same": user is await request.auser()})


@access_token_required(READ, obj=Item)
def keeps_user(request, pk):
    kept.update(user=request.user, item=Item.objects.get(pk=pk), during=_rights(request))
    return HttpResponse("ran")


@access_token_required(READ, obj=Item)
def raises(request, pk):
    kept.update(user=request.user, item=Item.objects.get(pk=pk), during=_rights(request))
    raise RuntimeError


@access_token_required(READ)
def rows(request):
    opened = granted(Item.objects.order_by("pk"), scope_of(request.user), "sample.write_item")
    return JsonResponse({"rows": list(opened.values_list("pk", flat=True))})


@access_token_required(READ, obj=Item)
def page(request, pk):
    items = {"item": Item.objects.get(pk=pk), "other": Item.objects.exclude(pk=pk).first(), "new": Item()}
    return render(request, "access_tags.html", items)


def _asked(request):
    return Item.objects.filter(pk=request.GET.get("on") or None).first()


def _rights(request):
    return JsonResponse({"may": request.user.has_perm(request.GET["perm"], _asked(request))})


by_model = access_token_required(READ, obj=Item)(ran)


def borrows(request, pk):
    return by_model(request, pk=pk)


def may_read(request):
    return JsonResponse({"user": request.user.email, "may": request.user.has_perm("test.read")})


both_rules = csrf_exempt(use_request_token(scope="test", confirm=False)(access_token_required("test.read")(may_read)))
both_rules_turned = access_token_required("test.read")(use_request_token(scope="test")(may_read))

urlpatterns = [
    path("both-rules/", both_rules),
    path("both-rules-turned/", both_rules_turned),
    path("open/", ran),
    path("sync/<int:pk>/", by_model),
    path("async/<int:pk>/", access_token_required(READ, obj=Item)(ran_async)),
    path("mixin/<int:pk>/", ByMixin.as_view()),
    path("async-mixin/<int:pk>/", AsyncByMixin.as_view()),
    path("method-decorator/<int:pk>/", ByMethodDecorator.as_view()),
    path("function/<int:pk>/", access_token_required(READ, obj=found_here)(ran)),
    path("first/<int:pk>/", access_token_required(READ, obj=first_or_none)(ran)),
    path(
        "innermost/<int:pk>/", login_not_required(require_safe(csrf_exempt(access_token_required(READ, obj=Item)(ran))))
    ),
    path(
        "outermost/<int:pk>/", access_token_required(READ, obj=Item)(login_not_required(require_safe(csrf_exempt(ran))))
    ),
    path("not-found/<int:pk>/", access_token_required(READ, obj=not_found_here)(ran)),
    path("functions/<int:pk>/", ByFunctions.as_view()),
    path("mixin-argument/<int:pk>/", ByMixin.as_view(access_permissions="sample.write_item")),
    path("state/<int:pk>/", access_token_required(READ, obj=Item, state=state_of)(ran)),
    path("same-state/<int:pk>/", access_token_required(READ, obj=Item, state=lambda item: "draft")(ran)),
    path("letters/<str:pk>/", access_token_required(READ, obj=Item)(ran)),
    path("text/<str:code>/", access_token_required("sample.read_textkey", obj=TextKey)(ran)),
    path("no-argument/", access_token_required(READ, obj=Item)(ran)),
    path("everything/", access_token_required(READ, "publish")(ran)),
    path("borrows/<int:pk>/", borrows),
    path("borrows-with-a-token/<int:pk>/", access_token_required(READ)(borrows)),
    path("both/<int:pk>/", use_request_token(scope="test", required=True)(by_model)),
    path("rights/<int:pk>/", rights),
    path("rights-without-rule/", rights_without_rule),
    path("rights-async/<int:pk>/", rights_async),
    path("keeps-user/<int:pk>/", keeps_user),
    path("raises/<int:pk>/", raises),
    path("rows/", rows),
    path("page/<int:pk>/", page),
]
