"""`manage.py contamination DATASET FILE --project SLUG`: does what we train on stand in this benchmark?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feedback.datasets.contamination import LARGEST, Benchmark, Row, Unreadable, hits, rows, texts_of
from feedback.datasets.management.finishing import the_dataset
from feedback.datasets.models import DatasetVersion
from feedback.jobs import Job

CHUNK = 500


class Command(BaseCommand):
    help = (
        "Holds a version's training rows against a benchmark (JSONL, JSON, CSV or text); exits 1 when some stand in it."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Ours is the version of the dataset; Django's own `--version` tells its release."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="The dataset's short name.")
        parser.add_argument("file", type=Path, help="The benchmark; its ending says how it is read.")
        parser.add_argument("--project", required=True, help="The project's slug.")
        parser.add_argument(
            "--version", type=int, dest="number", metavar="N", help="The newest complete one when left out."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line of JSON a hit; figures at the end, on the other stream."""
        dataset, number, path = the_dataset(options["project"], options["dataset"]), options["number"], options["file"]
        complete = dataset.versions.filter(state=Job.State.DONE)
        version = complete.filter(number=number).first() if number is not None else dataset.newest()
        if version is None:
            raise CommandError(f"{dataset.key} has no such complete version; `manage.py build` makes one.")
        try:
            if path.stat().st_size > LARGEST:
                raise CommandError(f"{path} is larger than {LARGEST // 1024 // 1024} MB; give it in parts.")
            benchmark = Benchmark.read(texts_of(path.name, path.read_bytes()))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from error
        except Unreadable as error:
            raise CommandError(str(error)) from error
        found = sum(self.told(row, benchmark) for kind in ("pair", "case") for row in all_rows(version, kind))
        self.stderr.write(
            f"{found:,} training rows stand in {path.name} ({len(benchmark.exact):,} texts looked for, "
            f"{benchmark.too_short:,} too short to tell)."
        )
        if found:
            raise SystemExit(1)

    def told(self, row: Row, benchmark: Benchmark) -> bool:
        found = list(hits(row, benchmark))
        for part, hit in found:
            self.stdout.write(json.dumps({"row": row.kind, "id": row.key, "part": part, **hit._asdict()}))
        return bool(found)


def all_rows(version: DatasetVersion, kind: str) -> Any:
    after = -1
    while some := list(rows(version, kind, after, CHUNK)):
        yield from some
        after = some[-1].position
