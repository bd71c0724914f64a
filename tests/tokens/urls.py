"""Views that answer with what they saw: who the user is, and which token came along."""

import asyncio

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.tokens.decorators import use_request_token
from apps.tokens.exceptions import ExpiredError
from apps.tokens.mixins import RequestTokenMixin


def seen(request, user=None, **more):
    user = user or request.user
    token = getattr(request, "token", None)
    return JsonResponse(
        {
            "ran": True,
            "user": user.email if user.is_authenticated else None,
            "token": token.pk if token else None,
            "data": token.data if token else None,
            **more,
        }
    )


def undeclared(request):
    return seen(request, has_token=hasattr(request, "token"))


def undeclared_body(request):
    return JsonResponse({"was_read": request._read_started, "has_token": hasattr(request, "token")})


optional = csrf_exempt(use_request_token(scope="test")(seen))
required = csrf_exempt(use_request_token(scope="test", required=True)(seen))
asks = use_request_token(scope="test", confirm=True)(seen)
asks_own_page = use_request_token(scope="test", confirm="own_confirm.html")(seen)
straight = use_request_token(scope="test", confirm=False)(seen)
any_session = use_request_token(scope="test", ignore_session=True)(seen)
inside = login_required(use_request_token(scope="test")(seen))
outside = use_request_token(scope="test")(login_required(seen))
post_only = require_POST(use_request_token(scope="test")(csrf_exempt(seen)))


@use_request_token(scope="test")
async def asynchronous(request):
    return seen(request, await request.auser())


@use_request_token(scope="test")
async def asynchronous_failure(request):
    raise RuntimeError


@method_decorator(use_request_token(scope="test", required=True), name="dispatch")
class ClassBased(View):
    def get(self, request):
        return seen(request)


class MixedIn(RequestTokenMixin, View):
    token_scope = "test"
    token_required = True

    def get(self, request):
        return seen(request)


class AsyncMixedIn(RequestTokenMixin, View):
    token_scope = "test"

    async def get(self, request):
        return seen(request, await request.auser())


class OnlyGetDecorated(View):
    @method_decorator(use_request_token(scope="test"))
    def get(self, request):
        return seen(request)


@csrf_exempt
@use_request_token(scope="test", confirm=False)
def answers(request, status):
    return HttpResponse(status=status)


@use_request_token(scope="test", confirm=False)
def raises(request):
    raise RuntimeError


@use_request_token(scope="test", confirm=False)
def raises_not_found(request):
    raise Http404


@use_request_token(scope="test", confirm=False)
def releases(request):
    return seen(request, released=request.token.release())


@use_request_token(scope="test", confirm=False)
async def releases_async(request):
    return seen(request, await request.auser(), released=request.token.release())


@transaction.atomic
@use_request_token(scope="test", confirm=False)
def releases_and_raises(request):
    request.token.release()
    raise RuntimeError


@use_request_token(scope="test")
def saves_the_token(request):
    request.token.data["seen"] = True
    request.token.save()
    return seen(request)


@use_request_token(scope="test")
def deletes_the_token(request):
    request.token.delete()
    return HttpResponse("deleted")


@use_request_token(scope="test")
def deletes_the_user(request):
    request.user.delete()
    return HttpResponse("deleted")


cached = cache_page(60)(use_request_token(scope="test")(seen))


@use_request_token(scope="test")
async def never_answers(request):
    urls_events["entered"].set()
    await asyncio.Event().wait()


# A test that waits for a view puts an event here.
urls_events: dict[str, asyncio.Event] = {}


@use_request_token(scope="test", confirm=False)
def publicly_cached(request):
    response = seen(request)
    response["Cache-Control"] = "public, max-age=3600"
    return response


def refuses(request):
    raise ExpiredError


def shows_tags(request):
    return render(request, "tags.html")


def borrows(request):
    return required(request)


borrows_with_a_token = use_request_token(scope="test")(borrows)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("undeclared/", undeclared),
    path("undeclared-body/", csrf_exempt(undeclared_body)),
    path("optional/", optional),
    path("required/", required),
    path("asks/", asks),
    path("asks-own-page/", asks_own_page),
    path("straight/", straight),
    path("any-session/", any_session),
    path("inside/", inside),
    path("outside/", outside),
    path("post-only/", post_only),
    path("async/", asynchronous),
    path("async-failure/", asynchronous_failure),
    path("class/", ClassBased.as_view()),
    path("mixin/", MixedIn.as_view()),
    path("mixin-argument/", MixedIn.as_view(token_scope="other")),
    path("async-mixin/", AsyncMixedIn.as_view()),
    path("only-get/", OnlyGetDecorated.as_view()),
    path("answers/<int:status>/", answers),
    path("raises/", raises),
    path("raises-not-found/", raises_not_found),
    path("releases/", releases),
    path("releases-async/", releases_async),
    path("releases-and-raises/", releases_and_raises),
    path("saves-the-token/", saves_the_token),
    path("deletes-the-token/", deletes_the_token),
    path("deletes-the-user/", deletes_the_user),
    path("cached/", cached),
    path("never-answers/", never_answers),
    path("publicly-cached/", publicly_cached),
    path("refuses/", refuses),
    path("tags/", shows_tags),
    path("borrows/", borrows),
    path("borrows-with-a-token/", borrows_with_a_token),
]
