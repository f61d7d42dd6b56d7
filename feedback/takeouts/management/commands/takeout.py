"""`manage.py takeout PROJECT [--output FILE] [--json]`: everything of a project in one archive, written here."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser

from feedback import jobs
from feedback.accounts.management.operator import the_project
from feedback.jobs import Job
from feedback.takeouts.models import TakeOut

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Write every row of a project into one archive, secrets left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", metavar="SLUG")
        parser.add_argument("--output", metavar="FILE", help="Copy the archive there too.")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        takeout = TakeOut.ask(the_project(options["project"]))
        while not takeout.is_finished:
            jobs.run(TakeOut, takeout.pk)
            takeout.refresh_from_db()
            if not takeout.is_finished:
                time.sleep(PAUSE_SECONDS)  # a worker has it, or it waits after an error
        if takeout.state != Job.State.DONE:
            raise CommandError(f"{takeout} {takeout.state}: {takeout.error or 'stopped by somebody'}")
        if options["output"]:
            with default_storage.open(takeout.file) as source, Path(options["output"]).open("wb") as target:
                shutil.copyfileobj(source, target, 1024 * 1024)
        facts = {"id": takeout.pk, "file": takeout.file, "output": options["output"], "rows": takeout.n_rows}
        facts |= {"bytes": takeout.n_bytes, "sha256": takeout.sha256, "expires_at": takeout.expires_at}
        where = options["output"] or f"the file storage as {takeout.file}"
        words = f"{takeout.n_rows} rows, {takeout.n_bytes} bytes, in {where}. SHA-256 {takeout.sha256}"
        self.stdout.write(json.dumps(facts, default=str) if options["json"] else words)
