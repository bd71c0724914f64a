"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from config import views

urlpatterns = [
    path("", views.home, name="home"),
    path("demo/<slug:slug>/", views.start_flow, name="start_flow"),
    path("accounts/", include("apps.accounts.urls")),
    path("newsletter/", include("apps.newsletter.urls")),
    path("admin/", admin.site.urls),
]
