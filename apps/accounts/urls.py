from django.urls import path

from apps.accounts import account, fresh, notices, views

app_name = "accounts"

urlpatterns = [
    path("", account.profile, name="profile"),
    path("login/", views.login, name="login"),
    path("login/sent/", views.login_sent, name="login_sent"),
    path("login/link/", views.login_link, name="login_link"),
    path("login/code/", views.enter_code, name="enter_code"),
    path("login/new/", views.new_link, name="new_link"),
    path("login/again/", fresh.sign_in_again, name="fresh"),
    path("signup/", views.signup, name="signup"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("not-me/", notices.not_me, name="not_me"),
    path("address/", account.change_address, name="change_address"),
    path("address/confirm/", account.confirm_address, name="confirm_address"),
    path("sign-out-everywhere/", account.sign_out_everywhere, name="sign_out_everywhere"),
    path("stored/", account.stored, name="stored"),
    path("delete/", account.delete, name="delete"),
]
