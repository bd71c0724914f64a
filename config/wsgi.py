"""WSGI entry point: ``config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from config.content_types import guard_wsgi

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = guard_wsgi(get_wsgi_application())
