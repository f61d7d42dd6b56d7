"""Projects: `project create SLUG --name NAME`, `project list`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import Count, Q

from feedback.accounts.management.operator import OperatorCommand
from feedback.accounts.models import Project
from feedback.audit.log import record


class Command(OperatorCommand):
    help = "Create and list projects."

    def add_verbs(self) -> None:
        create = self.verb("create", "Make a project.")
        create.add_argument("slug", help="Its name in addresses: small letters, digits, dashes.")
        create.add_argument("--name", default="", help="Its name for people; the slug when left out.")
        self.verb("list", "List the projects.")

    def create(self, options: dict[str, Any]) -> None:
        slug = options["slug"]
        project = Project(slug=slug, name=options["name"] or slug.replace("-", " ").capitalize())
        try:
            project.full_clean()
        except ValidationError as error:
            raise CommandError(f"The project {slug!r} cannot be made: {' '.join(error.messages)}") from error
        with transaction.atomic():
            project.save()
            record("project-created", project, project=project, actor="operator")
        self.answer(options, {"slug": slug, "name": project.name}, f"Project {slug} is made.")

    def list(self, options: dict[str, Any]) -> None:
        people = Count("members", filter=Q(members__user__isnull=False, members__disabled_at__isnull=True))
        projects = Project.objects.annotate(n_members=people).order_by("slug")
        rows = list(projects.values("slug", "name", "n_members", "archived_at", "created_at"))
        lines = [f"{row['slug']:<24} {row['n_members']:>4} members  {row['name']}" for row in rows]
        self.answer(options, rows, lines or "There are no projects yet: project create SLUG makes one.")
