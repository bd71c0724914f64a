from django.urls import path

from apps.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.show_demo, name="page"),
    path("start/<slug:slug>/", views.start, name="start"),
    path("mailbox/", views.show_mailbox, name="mailbox"),
    path("mailbox/<slug:name>/", views.show_email, name="email"),
    path("mailbox/<slug:name>/html/", views.show_email_html, name="email_html"),
    path("laboratory/", views.show_laboratory, name="laboratory"),
]
