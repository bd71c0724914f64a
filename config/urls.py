"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from apps.site.views import home
from config import error_pages
from config.admin_login import admin_login

urlpatterns = [
    path("", home, name="home"),
    path("demo/", include("apps.demo.urls")),
    path("accounts/", include("apps.accounts.urls")),
    path("newsletter/", include("apps.newsletter.urls")),
    path("newsletter/", include("apps.mailing.urls")),
    path("admin/login/", admin_login),
    path("admin/", admin.site.urls),
]

handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error
