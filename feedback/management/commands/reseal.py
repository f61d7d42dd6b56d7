"""After SECRET_KEY was replaced: `manage.py reseal [--json]` encrypts every stored secret anew under the newest key.

Safe while people work and to run twice. Exit code 1 when a secret cannot be read under any key.
"""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from feedback.sealed import SealBroken, SealedField, reseal


def columns() -> list[tuple[type[Model], str]]:
    found = [(model, field) for model in apps.get_models() for field in model._meta.concrete_fields]
    return [(model, field.name) for model, field in found if isinstance(field, SealedField)]


def reseal_column(model: type[Model], name: str) -> tuple[int, list[str]]:
    """How many were sealed anew, and the rows that no key opens. What changes meanwhile is new already."""
    count, broken = 0, []
    rows = model._default_manager.exclude(**{name: ""}).exclude(**{f"{name}__isnull": True})
    for pk, token in rows.values_list("pk", name).iterator():
        try:
            count += model._default_manager.filter(pk=pk, **{name: token}).update(**{name: reseal(token)})
        except SealBroken:
            broken.append(f"{model._meta.label_lower} {pk}: {name}")
    return count, broken


class Command(BaseCommand):
    help = "Encrypt stored secrets anew, after SECRET_KEY was replaced."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        broken: list[str] = []
        for model, name in columns():
            done, unread = reseal_column(model, name)
            count, broken = count + done, broken + unread
        if options["json"]:
            self.stdout.write(json.dumps({"resealed": count, "unreadable": broken}))
        else:
            self.stdout.write(f"{count} secret{'' if count == 1 else 's'} sealed anew.")
        if broken:
            raise CommandError("Cannot be read under any key that is given:\n  " + "\n  ".join(broken), returncode=1)
