"""Members: `member add|role|disable|list --project SLUG`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from feedback.accounts.management.operator import OperatorCommand, an_address, the_member, the_project
from feedback.accounts.models import LastAdmin, Member, User
from feedback.audit.log import record
from feedback.permissions import ROLES


class Command(OperatorCommand):
    help = "Add people to a project, change their roles, shut them out, list them."

    def add_verbs(self) -> None:
        add = self.verb("add", "Make somebody a member; an account is made where there is none.")
        role = self.verb("role", "Give a member another role.")
        disable = self.verb("disable", "Shut a member out of the project; their reviews stay.")
        for parser in (add, role, disable, self.verb("list", "List the members.")):
            parser.add_argument("--project", required=True, metavar="SLUG")
        for parser in (add, role, disable):
            parser.add_argument("email")
        add.add_argument("--name", default="", help="The person's name, for a new account.")
        add.add_argument("--role", choices=ROLES, default="reviewer")
        role.add_argument("role", choices=ROLES)

    def add(self, options: dict[str, Any]) -> None:
        project, email = the_project(options["project"]), an_address(options["email"])
        with transaction.atomic():
            user = User.objects.of_email(email) or User.objects.create_user(email, name=options["name"])
            member, is_new = Member.objects.get_or_create(
                project=project, user=user, defaults={"role": options["role"]}
            )
            if not is_new and not member.disabled_at:
                raise CommandError(f"{email} is a member of {project.slug} already, as {member.role}.")
            if not is_new:
                member.change(role=options["role"], is_disabled=False)
            record("member-added", member, actor="operator", role=member.role)
        self.answer(options, as_row(member), f"{user} is in {project.slug} as {member.role}.")

    def role(self, options: dict[str, Any]) -> None:
        self.change(options, "is now", role=options["role"])

    def disable(self, options: dict[str, Any]) -> None:
        self.change(options, "is shut out as", is_disabled=True)

    def change(self, options: dict[str, Any], words: str, **changes: Any) -> None:
        member = the_member(the_project(options["project"]), options["email"])
        try:
            with transaction.atomic():
                member.change(**changes)
                record("member-changed", member, actor="operator", **changes)
        except LastAdmin as error:
            raise CommandError(str(error)) from error
        self.answer(options, as_row(member), f"{member} {words} {member.role} of {options['project']}.")

    def list(self, options: dict[str, Any]) -> None:
        rows = [as_row(member) for member in the_project(options["project"]).members.people()]
        lines = [
            f"{row['email']:<36} {row['role']:<10} {row['name']}{' (shut out)' if row['disabled_at'] else ''}"
            for row in rows
        ]
        self.answer(options, rows, lines or "There are no members yet: member add makes one.")


def as_row(member: Member) -> dict[str, Any]:
    assert member.user is not None
    return {
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
        "pseudonym": member.pseudonym,
        "disabled_at": member.disabled_at,
    }
