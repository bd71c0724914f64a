from django.urls import path

from apps.mailing import leaving
from apps.mailing.desk import sending, sharing, views

app_name = "mailing"

urlpatterns = [
    path("unsubscribe/reason/", leaving.leaving_reason, name="leaving_reason"),
    path("staff/", views.issues, name="issues"),
    path("staff/new/", views.compose, name="compose"),
    path("staff/issues/<slug:slug>/", views.issue, name="issue"),
    path("staff/issues/<slug:slug>/edit/", views.edit, name="edit"),
    path("staff/issues/<slug:slug>/share/", sharing.share, name="share"),
    path("staff/issues/<slug:slug>/stop-sharing/", sharing.stop_sharing, name="stop_sharing"),
    path("staff/issues/<slug:slug>/test/", sending.test, name="test"),
    path("staff/issues/<slug:slug>/send/", sending.send, name="send"),
    path("staff/issues/<slug:slug>/unschedule/", sending.unschedule, name="unschedule"),
    path("staff/issues/<slug:slug>/pause/", sending.pause, name="pause"),
    path("staff/issues/<slug:slug>/resume/", sending.resume, name="resume"),
    path("staff/issues/<slug:slug>/cancel/", sending.cancel, name="cancel"),
]
