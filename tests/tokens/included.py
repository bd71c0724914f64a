from django.urls import include, path

from tests.tokens import urls

urlpatterns = [path("below/<int:pk>/", include(urls))]
