"""The operator's door: `manage.py sample`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from feedback import jobs
from feedback.accounts.models import Project
from reviews.sampling.management.commands.sample import Command
from reviews.sampling.models import SamplingRun
from tests import make


def sample(*words: str) -> str:
    out = io.StringIO()
    call_command("sample", *words, stdout=out)
    return out.getvalue()


def test_it_starts_a_run(project: Project) -> None:
    rule = make.sampling_rule(make.queue(project))
    assert "is queued" in sample(rule.key, "--project", project.slug)
    assert SamplingRun.objects.get().rule_version.rule == rule


def test_it_answers_in_json(project: Project) -> None:
    rule = make.sampling_rule(make.queue(project))
    answer = json.loads(sample(rule.key, "--project", project.slug, "--json"))
    assert (answer["rule"], answer["version"], answer["state"]) == (rule.key, 1, "queued")


def test_a_finished_run_is_told(project: Project) -> None:
    make.response(project)
    rule = make.sampling_rule(make.queue(project), size=1)
    run = rule.start()
    jobs.run(SamplingRun, run.pk)
    run.refresh_from_db()
    out = io.StringIO()
    Command(stdout=out).answer(run, as_json=False)
    assert f"drew 1 of 1, added 1 to {run.rule_version.queue}" in out.getvalue()


def test_unknown_names_are_said_with_the_known_ones(project: Project) -> None:
    rule = make.sampling_rule(make.queue(project))
    with pytest.raises(CommandError, match=rule.key):
        sample("nothing", "--project", project.slug)
    with pytest.raises(CommandError, match="no project"):
        sample(rule.key, "--project", "nowhere")
