from django.urls import include, path

from . import urls

urlpatterns = [path("below/<int:pk>/", include(urls))]
