"""`manage.py export DATASET --project SLUG --shape preference --output FILE`: a version as a file on this machine,
or at a destination (`--to NAME`).
"""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser

from feedback.datasets import exports, shipments
from feedback.datasets.management.finishing import finish, the_dataset
from feedback.datasets.models import Export, Split
from feedback.files import sha256_of
from feedback.jobs import Job, JobRefused


class Command(BaseCommand):
    help = "Writes a complete version of a dataset to a file or a destination, and checks its SHA-256."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Ours is the version of the dataset; Django's own `--version` tells its release."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="The dataset's short name.")
        parser.add_argument("--project", required=True, help="The project's slug.")
        parser.add_argument("--shape", required=True, choices=[*Export.Shape.values, Export.FOLDER])
        parser.add_argument(
            "--version", type=int, dest="number", metavar="N", help="The newest complete one when left out."
        )
        parser.add_argument(
            "--split", choices=Split.values, default="", help="All that the file may hold when left out."
        )
        parser.add_argument("--format", choices=Export.Format.values, default=Export.Format.JSONL)
        parser.add_argument("--packing", choices=["none", "gzip", "zstd"], default="none")
        parser.add_argument("--output", type=Path, metavar="FILE", help="Write it there on this machine.")
        parser.add_argument("--to", metavar="NAME", help="Send it to this destination of EXPORT_DESTINATIONS.")
        parser.add_argument("--json", action="store_true", help="Print the manifest as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["output"] or options["to"]):
            raise CommandError("Say where it goes: --output FILE, or --to NAME for a destination.")
        dataset = the_dataset(options["project"], options["dataset"])
        number = options["number"]
        complete = dataset.versions.filter(state=Job.State.DONE)
        version = complete.filter(number=number).first() if number is not None else dataset.newest()
        if version is None:
            raise CommandError(f"{dataset.key} has no such complete version; `manage.py build` makes one.")
        wanted = {name: options[name] for name in ("shape", "split", "format")}
        wanted["packing"] = options["packing"].replace("none", "")
        try:
            export = exports.request(version, **wanted, actor="operator")
            finish(export)
            shipment = shipments.request(export, options["to"], actor="operator") if options["to"] else None
        except JobRefused as refused:
            raise CommandError(str(refused)) from refused
        if options["output"]:
            write(export, options["output"])
        if shipment is not None:
            finish(shipment)
        if options["json"]:
            self.stdout.write(json.dumps(export.manifest))
            return
        self.stdout.write(f"{export.n_rows:,} rows, {export.n_bytes:,} bytes, SHA-256 {export.sha256}")
        if shipment is not None:
            self.stdout.write(f"It lies in {shipment.destination}: {shipment.place}")


def write(export: Export, output: Path) -> None:
    """To a file of this machine, and read back."""
    try:
        with default_storage.open(export.file) as source, output.open("wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        written = sha256_of(output.open("rb"))
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror or error}.") from error
    if written != export.sha256:
        raise CommandError(f"{output} is not what was written: its SHA-256 is {written}, not {export.sha256}.")
