"""API keys: `apikey create|list|revoke --project SLUG`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from feedback.accounts.management.operator import OperatorCommand, the_member, the_project
from feedback.accounts.models import KEY_MARK, ApiKey
from feedback.audit.log import record
from feedback.permissions import SCOPES


class Command(OperatorCommand):
    help = "Make, list and revoke the API keys of a project."

    def add_verbs(self) -> None:
        create = self.verb("create", "Make a key; it is shown this once.")
        revoke = self.verb("revoke", "Stop a key at once.")
        for parser in (create, revoke, self.verb("list", "List the keys.")):
            parser.add_argument("--project", required=True, metavar="SLUG")
        create.add_argument("name", help="What will use it.")
        create.add_argument(
            "--scope", action="append", required=True, choices=SCOPES, help="May be given several times."
        )
        create.add_argument("--member", metavar="EMAIL", help="Whose key it is; reviewing needs one.")
        create.add_argument("--days", type=int, help="How long it works; for ever when left out.")
        revoke.add_argument("prefix", help=f"The ten characters after {KEY_MARK}_.")

    def create(self, options: dict[str, Any]) -> None:
        project, scopes, days = the_project(options["project"]), options["scope"], options["days"]
        member = the_member(project, options["member"]) if options["member"] else None
        if "review" in scopes and member is None:
            raise CommandError(
                "Reviewing is done in somebody's name: give --member EMAIL, or leave the scope review out."
            )
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--days must lie between 1 and 3650.")
        with transaction.atomic():
            expires_at = timezone.now() + timedelta(days=days) if days else None
            key, secret = ApiKey.issue(project, options["name"], scopes, member=member, expires_at=expires_at)
            record("key-created", key, actor="operator", scopes=scopes, prefix=key.prefix)
        self.answer(options, {**as_row(key), "key": secret}, secret)

    def list(self, options: dict[str, Any]) -> None:
        keys = the_project(options["project"]).apikeys.select_related("member__user").order_by("pk")
        rows = [as_row(key) for key in keys]
        lines = [f"{row['prefix']}  {row['state']:<8} {row['name']}  ({', '.join(row['scopes'])})" for row in rows]
        self.answer(options, rows, lines or "There are no keys yet: apikey create makes one.")

    def revoke(self, options: dict[str, Any]) -> None:
        project = the_project(options["project"])
        prefix = options["prefix"].removeprefix(f"{KEY_MARK}_").split("_")[0]
        key = project.apikeys.filter(prefix=prefix).first()
        if key is None:
            raise CommandError(f"There is no key {prefix!r} in {project.slug!r}.")
        if key.revoked_at:
            raise CommandError(f"The key {prefix} was revoked already.")
        with transaction.atomic():
            key.revoke()
            record("key-revoked", key, actor="operator", prefix=key.prefix)
        self.answer(options, as_row(key), f"The key {prefix} ({key.name}) is revoked.")


def as_row(key: ApiKey) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "member": key.member.user.email if key.member and key.member.user else None,
        "state": key.state,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }
