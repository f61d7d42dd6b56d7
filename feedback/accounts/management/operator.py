"""What the operator's commands share: `--json`, verbs as sub-commands, and errors in plain sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from feedback.accounts.models import Member, Project, User


class OperatorCommand(BaseCommand):
    """A command with verbs: `add_verbs` declares them, the method named after the verb does the work and answers."""

    def add_arguments(self, parser: CommandParser) -> None:
        self.verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        self.add_verbs()

    def add_verbs(self) -> None:
        raise NotImplementedError

    def verb(self, name: str, help: str) -> CommandParser:
        parser: CommandParser = self.verbs.add_parser(name, help=help)
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["verb"])(options)

    def answer(self, options: dict[str, Any], data: Any, lines: str | Sequence[str]) -> None:
        """`data` for programs, `lines` for people."""
        text = (
            json.dumps(data, default=str) if options["json"] else lines if isinstance(lines, str) else "\n".join(lines)
        )
        if text:
            self.stdout.write(text)


def the_project(slug: str) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no project {slug!r}. Projects: {known}.")
    return project


def the_user(email: str) -> User:
    user = User.objects.of_email(email)
    if user is None:
        raise CommandError(f"There is no user with the address {email!r}.")
    return user


def the_member(project: Project, email: str) -> Member:
    member = project.members.people().filter(user__email=email.strip().lower()).first()
    if member is None:
        raise CommandError(f"{email!r} is not a member of {project.slug!r}.")
    return member


def an_address(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email!r} is not an e-mail address.") from error
    return email
