from allauth.account import views as allauth
from django.urls import URLPattern, path

app_name = "accounts"
urlpatterns: list[URLPattern] = []

# Only these of allauth's pages exist; the others stay unreachable.
sign_in_patterns = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("signup/", allauth.signup, name="account_signup"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/<uidb36>-<key>/", allauth.password_reset_from_key, name="account_reset_password_from_key"),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
]
