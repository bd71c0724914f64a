from django import template
from django.conf import settings

from config import demo

register = template.Library()


@register.simple_tag
def demo_flows() -> list[demo.Flow]:
    """The cards of the front page; none without DEBUG."""
    return demo.FLOWS if settings.DEBUG else []
