"""ASGI entry point: ``config.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

from config.content_types import guard_asgi

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = guard_asgi(get_asgi_application())
