"""Views that answer with what they saw: who the user is, and which token came along."""

import asyncio
import contextlib
import io

from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ..admission import admit
from ..decorators import use_request_token
from ..exceptions import ExpiredError, ScopeError
from ..mixins import RequestTokenMixin
from ..models import RequestToken


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


@use_request_token(scope="test", confirm=False)
def remembers(request):
    request.session["seen"] = True
    return HttpResponse()


@use_request_token(scope="test", confirm=False)
def signs_out(request):
    logout(request)
    return HttpResponse()


@use_request_token(scope="test")
def deletes_the_tokens(request):
    RequestToken.objects.all().delete()
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


def confirms_by_header(request, token):
    """No page for the browser that asked, a page of its own for another, a refusal for a third."""
    who = request.headers.get("X-Browser")
    if who == "barred":
        raise ScopeError
    return {"asked": False, "other": "own_confirm.html"}.get(who, True)


def says_again(request, token):
    if "again" not in request.GET:
        return None
    return HttpResponse(f"again {token.pk}", status=208)


def sends_a_file(request, token):
    return FileResponse(io.BytesIO(b"once more"))


class Dispatches(RequestTokenMixin, View):
    token_scope = "test"

    def dispatch(self, request):
        return seen(request)


again_with_a_file = use_request_token(scope="test", again=sends_a_file)(seen)
asks_by_function = csrf_exempt(use_request_token(scope="test", confirm=confirms_by_header)(seen))
again = csrf_exempt(use_request_token(scope="test", confirm=False, again=says_again)(seen))
only_post = csrf_exempt(use_request_token(scope="test", confirm=False, methods=["POST"])(seen))
only_put = csrf_exempt(use_request_token(scope="test", methods=["PUT"])(seen))
require_post = require_POST(csrf_exempt(use_request_token(scope="test", confirm=False)(seen)))


def admits(request):
    outside = request.user
    with admit(request, scope="test", required="required" in request.GET) as token:
        if "release" in request.GET:
            token.release()
        if "raise" in request.GET:
            raise RuntimeError
        response = seen(request)
    response["X-Restored"] = str(request.user is outside)
    return response


async def admits_async(request):
    async with admit(request, scope="test") as token:
        return seen(request, await request.auser(), same=request.token is token)


def admits_a_row(request, pk):
    with admit(request, scope="test", token=RequestToken.objects.get(pk=pk)):
        return seen(request)


def admits_within_a_transaction(request):
    with transaction.atomic():
        with contextlib.suppress(RuntimeError), admit(request, scope="test"):
            raise RuntimeError
        return HttpResponse(RequestToken.objects.get().used_to_date)


def atomic_middleware(get_response):
    def middleware(request):
        with transaction.atomic():
            return get_response(request)

    return middleware


urlpatterns = [
    path("again-with-a-file/", again_with_a_file),
    path("dispatches/", csrf_exempt(Dispatches.as_view())),
    path("asks-by-function/", asks_by_function),
    path("again/", again),
    path("only-post/", only_post),
    path("only-put/", only_put),
    path("require-post/", require_post),
    path("admits/", csrf_exempt(admits)),
    path("admits-async/", admits_async),
    path("admits-a-row/<int:pk>/", csrf_exempt(admits_a_row)),
    path("admits-within-a-transaction/", admits_within_a_transaction),
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
    path("remembers/", remembers),
    path("signs-out/", signs_out),
    path("deletes-the-tokens/", deletes_the_tokens),
    path("cached/", cached),
    path("never-answers/", never_answers),
    path("publicly-cached/", publicly_cached),
    path("refuses/", refuses),
    path("tags/", shows_tags),
    path("borrows/", borrows),
    path("borrows-with-a-token/", borrows_with_a_token),
]
