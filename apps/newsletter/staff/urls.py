from django.urls import path

from apps.newsletter.staff import previews, sending, views

urlpatterns = [
    path("", views.issues, name="staff_issues"),
    path("new/", views.compose, name="staff_compose"),
    path("issues/<slug:slug>/", views.issue, name="staff_issue"),
    path("issues/<slug:slug>/edit/", views.edit, name="staff_edit"),
    path("issues/<slug:slug>/share/", previews.share, name="staff_share"),
    path("issues/<slug:slug>/stop-sharing/", previews.stop_sharing, name="staff_stop_sharing"),
    path("issues/<slug:slug>/test/", sending.test, name="staff_test"),
    path("issues/<slug:slug>/send/", sending.send, name="staff_send"),
    path("issues/<slug:slug>/unschedule/", sending.unschedule, name="staff_unschedule"),
    path("issues/<slug:slug>/pause/", sending.pause, name="staff_pause"),
    path("issues/<slug:slug>/resume/", sending.resume, name="staff_resume"),
    path("issues/<slug:slug>/cancel/", sending.cancel, name="staff_cancel"),
]
