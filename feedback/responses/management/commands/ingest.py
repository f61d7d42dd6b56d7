"""`manage.py ingest FILE --project SLUG`: responses from a JSONL or CSV file, plain or gzip."""

from __future__ import annotations

import gzip
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError

from feedback.accounts.models import Project
from feedback.responses.ingest import Delivery, Incoming, IngestResult, Refusal
from feedback.responses.models import IngestBatch
from feedback.responses.reading import from_csv, from_ndjson
from feedback.text.canonical import CanonicalError

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
PROGRESS_ROWS = 10_000
NO_LIMIT = sys.maxsize  # an operator's file may be of any size; a row may not


class Command(BaseCommand):
    help = "Takes responses in from a JSONL or CSV file. Exit code 1 when a row was refused. Sending again is harmless."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="JSONL or CSV, also packed (.gz).")
        parser.add_argument("--project", required=True, help="The project's slug.")
        parser.add_argument("--format", choices=("jsonl", "csv"), help="When the file's name does not tell.")
        parser.add_argument(
            "--map",
            nargs="+",
            default=[],
            metavar="FIELD=COLUMN",
            help="Which CSV column holds a field, e.g. output=answer.",
        )
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        project = Project.objects.filter(slug=options["project"], archived_at=None).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        form = options["format"] or FORMATS.get(Path(path.name.removesuffix(".gz")).suffix.lower())
        if form is None:
            raise CommandError(f"What is in {path.name}? Say --format jsonl or --format csv.")
        names = mapping(options["map"])
        if names and form != "csv":
            raise CommandError("--map is for the columns of a CSV file.")
        try:
            with rows(path, form, names) as incoming:
                result = self.take(project, path, incoming, strict=form != "csv")
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
        self.report(result, as_json=options["json"])
        if result.n_refused:
            raise SystemExit(1)

    def take(self, project: Project, path: Path, incoming: Iterator[Incoming], *, strict: bool) -> IngestResult:
        batch = IngestBatch.objects.create(project=project, source="file", name=path.name[:200])
        delivery = Delivery(project, batch, strict=strict)
        told = 0
        try:
            for outcomes in delivery.take(incoming):
                for outcome in outcomes:
                    if outcome.refusal:
                        self.stderr.write(line(outcome.refusal))
                if delivery.result.taken - told >= PROGRESS_ROWS:
                    told = delivery.result.taken
                    self.stderr.write(self.style.NOTICE(f"{told:,} rows …"))
        except CanonicalError as error:
            taken = delivery.result.taken
            raise CommandError(f"{path.name} breaks off after {taken:,} rows, which are kept: {error}") from error
        return delivery.result

    def report(self, result: IngestResult, *, as_json: bool) -> None:
        counts = {name: getattr(result, name) for name in ("accepted", "repeated", "filled")}
        counts["refused"] = result.n_refused
        if as_json:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write(", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".")


def mapping(pairs: list[str]) -> dict[str, str]:
    names = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(names) != len(pairs):
        raise CommandError("--map takes pairs FIELD=COLUMN, each field once.")
    return names


@contextmanager
def rows(path: Path, form: str, names: dict[str, str]) -> Iterator[Iterator[Incoming]]:
    packed = path.suffix.lower() == ".gz"
    if form == "jsonl":
        with path.open("rb") as file:
            yield from_ndjson(file, gzip=packed, max_bytes=NO_LIMIT)
    else:
        with cast(TextIO, opened(path, packed)) as text:
            yield from_csv(text, names)


def opened(path: Path, packed: bool) -> Any:
    reading = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}
    return gzip.open(path, "rt", **reading) if packed else path.open("rt", **reading)  # type: ignore[call-overload]


def line(refusal: Refusal) -> str:
    who = f" ({refusal.external_id})" if refusal.external_id else ""
    where = f"{refusal.pointer}: " if refusal.pointer else ""
    return f"line {refusal.index + 1}{who}: {where}{refusal.detail}"
