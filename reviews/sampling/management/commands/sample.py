"""Run a sampling rule now: `manage.py sample RULE --project SLUG [--wait] [--json]`."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feedback.accounts.models import Project
from feedback.jobs import Job
from reviews.sampling.models import SamplingRule, SamplingRun


class Command(BaseCommand):
    help = "Run a sampling rule now; a worker draws."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rule", help="The rule's key.")
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--wait", action="store_true", help="Come back when the run has ended; 1 when it failed.")
        parser.add_argument("--json", action="store_true", help="Answer in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        rule = SamplingRule.objects.filter(project=project, key=options["rule"]).first()
        if rule is None:
            known = ", ".join(SamplingRule.objects.filter(project=project).values_list("key", flat=True)) or "none yet"
            raise CommandError(f"There is no sampling rule {options['rule']!r} here. Rules: {known}.")
        run = rule.start()
        while options["wait"] and not run.is_finished:
            time.sleep(0.2)
            run.refresh_from_db()
        self.answer(run, as_json=options["json"])
        if run.state in {Job.State.FAILED, Job.State.CANCELLED}:
            raise CommandError(f"The run {run.state}: {run.error or 'no reason given'}", returncode=1)

    def answer(self, run: SamplingRun, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(facts(run)))
        elif run.state == Job.State.DONE:
            of = f" of {run.population}" if run.population is not None else ""
            self.stdout.write(f"Run {run.pk}: drew {run.n_drawn}{of}, added {run.n_added} to {run.rule_version.queue}.")
        else:
            self.stdout.write(f"Run {run.pk} is {run.state}.")


def facts(run: SamplingRun) -> dict[str, Any]:
    version = run.rule_version
    names = ("id", "tick", "state", "error", "lowest_id", "highest_id", "population", "n_drawn", "n_added")
    known = {name: getattr(run, name) for name in names}
    return {**known, "rule": version.rule.key, "version": version.number, "queue": version.queue.key}
