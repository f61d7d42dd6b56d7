from allauth.account import views as allauth
from django.urls import path, re_path

from feedback.accounts import shortcuts, views

app_name = "accounts"
urlpatterns = [
    path("", views.project_home, name="project"),
    path("people/", views.member_list, name="member-list"),
    path("people/invite/", views.member_invite, name="member-invite"),
    path("people/<int:pk>/", views.member_change, name="member-change"),
    path("people/invitations/<int:pk>/withdraw/", views.invitation_withdraw, name="invitation-withdraw"),
    path("keys/", views.key_list, name="key-list"),
    path("keys/new/", views.key_create, name="key-create"),
    path("keys/<int:pk>/revoke/", views.key_revoke, name="key-revoke"),
]

# Only these of allauth's pages exist; the others stay unreachable.
sign_in_patterns = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("signup/", views.InvitedSignup.as_view(), name="account_signup"),
    path("link/<str:secret>/", views.signin_link, name="account_signin_link"),
    path("invitation/<str:secret>/", views.invitation, name="account_invitation"),
    path("keys/", shortcuts.shortcuts, name="account_keys"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/set/", allauth.password_set, name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(  # the key holds a dash too, so the first part must not
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
