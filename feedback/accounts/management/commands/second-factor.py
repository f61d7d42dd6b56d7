"""Second factors: `second-factor remove EMAIL`, for somebody who lost phone, key and recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from feedback.accounts.management.operator import OperatorCommand, the_user
from feedback.accounts.second_factor import remove_all
from feedback.audit.log import record


class Command(OperatorCommand):
    help = "Take second factors off an account. Be sure who asks: the password alone signs in afterwards."

    def add_verbs(self) -> None:
        self.verb("remove", "Remove the app, all keys and the recovery codes.").add_argument("email")

    def remove(self, options: dict[str, Any]) -> None:
        user = the_user(options["email"])
        with transaction.atomic():
            n_removed = remove_all(user)
            if not n_removed:
                raise CommandError(f"{user.email} has no second factor.")
            record("second-factors-removed", user, actor="operator", n=n_removed)
        self.answer(
            options, {"email": user.email, "removed": n_removed}, f"{user.email} has no second factor any more."
        )
