from allauth.account import views as allauth
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.webauthn import views as keys
from django.urls import path, re_path, reverse_lazy

from feedback.accounts import (
    account_views,
    key_views,
    member_views,
    project_views,
    second_factor,
    shortcuts,
    views,
)

app_name = "accounts"
urlpatterns = [
    path("", views.project_home, name="project"),
    path("settings/", project_views.project_settings, name="project-settings"),
    path("settings/archive/", project_views.project_archive, name="project-archive"),
    path("archived/", project_views.project_archived, name="project-archived"),
    path("archived/restore/", project_views.project_restore, name="project-restore"),
    path("people/", member_views.member_list, name="member-list"),
    path("people/imported/", member_views.source_list, name="source-list"),
    path("people/invite/", member_views.member_invite, name="member-invite"),
    path("people/<int:pk>/", member_views.member_change, name="member-change"),
    path("people/<int:pk>/shut-out/", member_views.member_disable, name="member-disable"),
    path("people/<int:pk>/let-in/", member_views.member_enable, name="member-enable"),
    path("people/invitations/<int:pk>/withdraw/", member_views.invitation_withdraw, name="invitation-withdraw"),
    path("people/invitations/<int:pk>/renew/", member_views.invitation_renew, name="invitation-renew"),
    path("keys/", key_views.key_list, name="key-list"),
    path("keys/new/", key_views.key_create, name="key-create"),
    path("keys/<int:pk>/revoke/", key_views.key_revoke, name="key-revoke"),
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
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account_views.ChangePassword.as_view(), name="account_change_password"),
    path("password/set/", account_views.SetPassword.as_view(), name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(  # the key holds a dash too, so the first part must not
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account_views.ResetPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("profile/", account_views.profile, name="account_profile"),
    path("sessions/", account_views.session_list, name="account_sessions"),
    path("sessions/<int:pk>/end/", account_views.session_end, name="account_session_end"),
    path("sessions/end-others/", account_views.session_end_others, name="account_sessions_end_others"),
    path("second-factor/", account_views.second_factors, name="mfa_index"),
    path("second-factor/code/", mfa.authenticate, name="mfa_authenticate"),
    path("second-factor/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/app/add/", second_factor.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("second-factor/app/remove/", second_factor.DeactivateApp.as_view(), name="mfa_deactivate_totp"),
    path("second-factor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", second_factor.GenerateCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("second-factor/codes/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("second-factor/keys/add/", second_factor.AddKey.as_view(), name="mfa_add_webauthn"),
    path("second-factor/keys/confirm/", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path(
        "second-factor/keys/<int:pk>/name/",
        keys.EditWebAuthnView.as_view(success_url=reverse_lazy("mfa_index")),
        name="mfa_edit_webauthn",
    ),
    path("second-factor/keys/<int:pk>/remove/", second_factor.RemoveKey.as_view(), name="mfa_remove_webauthn"),
]
