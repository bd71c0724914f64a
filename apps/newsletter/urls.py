from django.urls import include, path

from apps.newsletter.staff.previews import preview
from apps.newsletter.views import inviting, issues, leaving, subscribing

app_name = "newsletter"

urlpatterns = [
    path("", issues.archive, name="archive"),
    path("issues/<slug:slug>/", issues.issue, name="issue"),
    path("preview/<slug:slug>/", preview, name="preview"),
    path("staff/", include("apps.newsletter.staff.urls")),
    path("subscribe/", subscribing.subscribe, name="subscribe"),
    path("subscribe/done/", subscribing.subscribe_done, name="subscribe_done"),
    path("confirm/", subscribing.confirm, name="confirm"),
    path("unsubscribe/", leaving.unsubscribe, name="unsubscribe"),
    path("unsubscribe/reason/", leaving.leaving_reason, name="leaving_reason"),
    path("resubscribe/", leaving.resubscribe, name="resubscribe"),
    path("invite/", inviting.invite, name="invite"),
]
