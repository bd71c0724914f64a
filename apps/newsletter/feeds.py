from datetime import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed

from apps.newsletter.models import Issue, IssueQuerySet
from apps.site.emails import absolute_url
from apps.site.markdown import render


class LatestIssues(Feed[Issue, None]):
    def title(self) -> str:
        return settings.SITE_NAME

    # Threat: a forged Host header. Every address is whole, so that Django adds no host of the request to it.
    def link(self) -> str:
        return absolute_url("newsletter:archive")

    def feed_url(self) -> str:
        return absolute_url("newsletter:feed")

    def items(self) -> IssueQuerySet:
        return Issue.objects.published()[:20]

    def item_title(self, item: Issue) -> str:
        return item.title

    def item_link(self, item: Issue) -> str:
        return absolute_url("newsletter:issue", item.slug)

    def item_pubdate(self, item: Issue) -> datetime | None:
        return item.published_at

    def item_description(self, item: Issue) -> str:
        return render(item.body)
