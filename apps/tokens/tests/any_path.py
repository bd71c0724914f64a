"""A URLconf with one view, at every path there is."""

from django.urls import re_path

from .urls import undeclared

urlpatterns = [re_path("", undeclared)]
