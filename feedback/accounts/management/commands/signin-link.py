"""A one-time sign-in link: `signin-link EMAIL`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from feedback.accounts.management.operator import the_user
from feedback.accounts.models import SigninLink
from feedback.audit.log import record


class Command(BaseCommand):
    help = "Make a link that signs a person in once, by a button on its page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--hours", type=float, default=24, help="How long it can be used (24).")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = the_user(options["email"])
        if not user.is_active:
            raise CommandError(f"The account of {user.email} is switched off.")
        if not 0 < options["hours"] <= 24 * 30:
            raise CommandError("--hours must be more than 0 and at most 720.")
        with transaction.atomic():
            link, url = SigninLink.make(timedelta(hours=options["hours"]), user=user)
            record("signin-link-made", user, actor="operator")
        data = {"email": user.email, "url": url, "expires_at": link.expires_at}
        self.stdout.write(json.dumps(data, default=str) if options["json"] else url)
