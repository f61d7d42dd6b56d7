"""`manage.py import_labels FILE --project SLUG`: human labels from a JSONL file, plain or gzip."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from feedback.accounts.models import Project
from feedback.responses.ingest import Refusal
from feedback.responses.reading import from_ndjson
from feedback.text.canonical import CanonicalError
from reviews.imports.labels import ImportResult, LabelImport


class Command(BaseCommand):
    help = "Imports human labels from a JSONL file. Exit code 1 when a row was refused. Sending again is harmless."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="JSONL, also packed (.gz).")
        parser.add_argument("--project", required=True, help="The project's slug.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        project = Project.objects.filter(slug=options["project"], archived_at=None).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        result = self.take(project, path)
        for refusal in result.refused:
            self.stderr.write(line(refusal))
        counts = {"accepted": result.accepted, "repeated": result.repeated, "refused": result.n_refused}
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write(", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".")
        if result.n_refused:
            raise SystemExit(1)

    def take(self, project: Project, path: Path) -> ImportResult:
        try:
            with path.open("rb") as file:
                rows = from_ndjson(file, gzip=path.suffix.lower() == ".gz", max_bytes=sys.maxsize)
                return LabelImport(project, None).take(rows)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
        except CanonicalError as error:
            raise CommandError(f"{path.name} breaks off: {error} What came before is kept.") from error


def line(refusal: Refusal) -> str:
    who = f" ({refusal.external_id})" if refusal.external_id else ""
    where = f"{refusal.pointer}: " if refusal.pointer else ""
    return f"line {refusal.index + 1}{who}: {where}{refusal.detail}"
