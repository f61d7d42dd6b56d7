"""Check what must always hold: `manage.py verify [--project SLUG] [--link "NUMBER HASH"] [--json]`.

Exit code 1 when a promise is broken.

Each room lists its own promises in `invariants.py`, found by that name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.module_loading import module_has_submodule

from feedback.accounts.models import Project
from feedback.audit.chain import verify_link
from feedback.checks import Invariant

EXAMPLES = 5


@dataclass
class Finding:
    code: str
    room: str
    promise: str
    violations: int
    examples: list[str]
    seconds: float


def invariants() -> Iterator[tuple[str, Invariant]]:
    """(room, invariant) of every installed room, in the order of their codes."""
    found = []
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "invariants"):
            module = import_module(f"{config.name}.invariants")
            found += [(config.name, invariant) for invariant in module.INVARIANTS]
    yield from sorted(found, key=lambda pair: (len(pair[1].code), pair[1].code, pair[0]))


def check(room: str, invariant: Invariant, project: Project | None) -> Finding:
    """Rows of other projects are left out where the violations are rows; sentences and numbers are of all projects."""
    started = time.monotonic()
    result = invariant.violations()
    if isinstance(result, QuerySet):
        if project is not None and any(field.name == "project" for field in result.model._meta.fields):
            result = result.filter(project=project)
        count, examples = result.count(), [example_of(row) for row in result[:EXAMPLES]]
    elif isinstance(result, Sequence):
        count, examples = len(result), [example_of(row) for row in result[:EXAMPLES]]
    else:
        count, examples = result, []
    seconds = round(time.monotonic() - started, 3)
    return Finding(invariant.code, room, invariant.promise, count, examples, seconds)


def example_of(row: Any) -> str:
    meta = getattr(row, "_meta", None)
    return f"{meta.label_lower} {row.pk}" if meta is not None else str(row)


def noted(text: str) -> tuple[int, str]:
    """Number and hash, from "1205 9f86…"."""
    number, hash = text.split()
    return int(number), hash


class Command(BaseCommand):
    help = "Check what must always hold, and say what does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", metavar="SLUG", help="Only rows of this project, where rows are counted.")
        parser.add_argument(
            "--link",
            type=noted,
            metavar='"NUMBER HASH"',
            help="A link of the audit chain that was noted elsewhere, as the sealer's log lines name it.",
        )
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = None
        if options["project"]:
            project = Project.objects.filter(slug=options["project"]).first()
            if project is None:
                raise CommandError(f"There is no project {options['project']!r}.", returncode=2)
        promises = list(invariants())
        if options["link"]:
            kept = Invariant(
                "I11", "The link that was noted elsewhere is in the chain.", partial(verify_link, *options["link"])
            )
            promises.append(("feedback.audit", kept))
        findings = []
        for room, invariant in promises:
            findings.append(check(room, invariant, project))
            if not options["json"]:
                self.tell(findings[-1])
        broken = [finding for finding in findings if finding.violations]
        if options["json"]:
            self.stdout.write(json.dumps({"holds": not broken, "invariants": [asdict(f) for f in findings]}))
        if broken:
            raise CommandError(f"{len(broken)} of {len(findings)} promises are broken.", returncode=1)
        if not options["json"]:
            self.stdout.write(f"All {len(findings)} promises hold.")

    def tell(self, finding: Finding) -> None:
        self.stdout.write(f"{finding.code:4} {finding.violations:6}  {finding.promise} ({finding.room})")
        for example in finding.examples:
            self.stdout.write(f"             {example}")
