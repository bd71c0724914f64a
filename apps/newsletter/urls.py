from django.urls import path

from apps.newsletter import views

app_name = "newsletter"

urlpatterns = [
    path("", views.archive, name="archive"),
    path("feed/", views.feed, name="feed"),
    path("issues/<slug:slug>/", views.issue, name="issue"),
    path("preview/<slug:slug>/", views.preview, name="preview"),
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/done/", views.subscribe_done, name="subscribe_done"),
    path("confirm/", views.confirm, name="confirm"),
    path("unsubscribe/", views.unsubscribe, name="unsubscribe"),
    path("resubscribe/", views.resubscribe, name="resubscribe"),
    path("invite/", views.invite, name="invite"),
]
