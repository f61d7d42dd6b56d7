"""Second factors: who has one, how their secrets are kept, and what happens when one is added or removed.

allauth.mfa holds the tables and does the cryptography of codes and keys; the pages are ours.
"""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext, gettext_lazy

from feedback.accounts.models import User
from feedback.accounts.sessions import end_others
from feedback.audit.log import record
from feedback.sealed import ring

# Recovery codes only stand in for one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def factors_of(user: User) -> dict[str, Any]:
    """What the person has: the app, the security keys, and how many recovery codes are left."""
    found: dict[str, Any] = {"app": None, "keys": [], "n_codes": None}
    for row in Authenticator.objects.filter(user=user).order_by("pk"):
        if row.type == Authenticator.Type.TOTP:
            found["app"] = row
        elif row.type == Authenticator.Type.WEBAUTHN:
            found["keys"].append(row)
        else:
            found["n_codes"] = len(row.wrap().get_unused_codes())
    return found


def remove_all(user: User) -> int:
    """Take every second factor off, recovery codes too: for somebody who lost them all. How many there were."""
    return Authenticator.objects.filter(user=user).delete()[0]


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and seeds of recovery codes are encrypted: a copied database opens no account."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "This code is not right. Codes of an app change every 30 seconds; each works once."
        ),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Recovery codes stand in for a second factor: set one up first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return ring("second factor").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return ring("second factor").decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Security key") if number == 1 else gettext("Security key %(number)s") % {"number": number}


class Recorded:
    """Writes down what was changed. Where the form proves that the person holds a new factor (`is_proof`), this session
    is as good as one that was signed in with it, and whoever sits in another one must come in again.
    """

    verb: ClassVar[str]
    is_proof: ClassVar[bool] = False
    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        user = self.request.user
        assert isinstance(user, User)
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            record(self.verb, user, request=self.request)
            if self.is_proof:
                end_others(self.request, user)
                record_authentication(self.request, user, "mfa", reauthenticated=True)
        return response


class ActivateApp(Recorded, ActivateTOTPView):
    verb, is_proof = "authenticator-app-added", True


class DeactivateApp(Recorded, DeactivateTOTPView):
    verb = "authenticator-app-removed"


class AddKey(Recorded, AddWebAuthnView):
    verb, is_proof = "security-key-added", True


class RemoveKey(Recorded, RemoveWebAuthnView):
    verb = "security-key-removed"
    success_url = reverse_lazy("mfa_index")


class GenerateCodes(Recorded, GenerateRecoveryCodesView):
    verb = "recovery-codes-made"
