"""`manage.py erase --subject KEY --project SLUG [--confirm] [--json]`: take an end user's words out of everything."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feedback import jobs
from feedback.accounts.management.operator import the_project
from feedback.erasures.models import Erasure
from feedback.erasures.running import preview
from feedback.erasures.whose import found
from feedback.jobs import Job

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Erase an end user of a project. Without --confirm it only counts what would go."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subject", required=True, metavar="KEY", help="The end user's key: `subject_key`.")
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--confirm", action="store_true", help="Do it. Nothing brings the texts back.")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        project, key = the_project(options["project"]), options["subject"]
        if not key.strip():
            raise CommandError("The key of the end user is empty.")
        if not options["confirm"]:
            scope = found(project, key)
            self.tell(options, {row["words"]: row["count"] for row in preview(scope)}, done=False)
            return
        erasure = Erasure.ask(project, key)
        while not erasure.is_finished:
            jobs.run(Erasure, erasure.pk)
            erasure.refresh_from_db()
            if not erasure.is_finished:
                time.sleep(PAUSE_SECONDS)  # a worker has it, or it waits after an error
        if erasure.state != Job.State.DONE:
            raise CommandError(f"{erasure} {erasure.state}: {erasure.error or 'stopped by somebody'}")
        self.tell(options, erasure.counts, done=True, id=erasure.pk)

    def tell(self, options: dict[str, Any], counts: dict[str, int], *, done: bool, **facts: Any) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"erased": done, "counts": counts, **facts}))
            return
        for words, count in counts.items():
            self.stdout.write(f"{count:8,}  {words}")
        if done:
            self.stdout.write("Erased." if counts else "There was nothing of this person.")
        else:
            self.stdout.write("Nothing was changed. Say --confirm to erase." if counts else "Nothing of this person.")
