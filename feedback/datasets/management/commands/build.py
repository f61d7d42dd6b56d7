"""`manage.py build DATASET --project SLUG`: begin the next version of a dataset."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from feedback.datasets.management.finishing import finish, the_dataset


class Command(BaseCommand):
    help = "Builds the next version of a dataset. A build under way is taken up, not doubled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="The dataset's short name.")
        parser.add_argument("--project", required=True, help="The project's slug.")
        parser.add_argument("--wait", action="store_true", help="Work it here to its end, worker or not.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        version = the_dataset(options["project"], options["dataset"]).build(actor="operator")
        if options["wait"]:
            finish(version)
        if options["json"]:
            facts = {"id": version.pk, "number": version.number, "state": version.state, "counts": version.counts}
            self.stdout.write(json.dumps({**facts, "rows_sha256": version.rows_sha256}))
        elif not options["wait"]:
            self.stdout.write(f"Version {version.number} is {version.state}.")
        else:
            excluded = version.counts["excluded"]
            self.stdout.write(
                f"Version {version.number}: {version.counts['verdicts']:,} verdicts, "
                f"{version.counts['candidates']:,} candidates, {version.counts['pairs']:,} pairs "
                f"in {time.monotonic() - started:.1f} s."
            )
            for reason, count in excluded.items():
                self.stdout.write(f"  left out, {reason}: {count:,}")
