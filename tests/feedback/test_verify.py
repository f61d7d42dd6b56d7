"""`manage.py verify` finds each room's promises and says which are broken."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from feedback import jobs
from feedback.accounts.models import Project
from feedback.management.commands.verify import invariants
from reviews.queues.models import Item
from reviews.sampling.models import SamplingRun
from tests import make


def verify(*words: str) -> tuple[str, str]:
    """What it said, and how it ended."""
    out = io.StringIO()
    try:
        call_command("verify", *words, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def a_finished_run(project: Project) -> SamplingRun:
    make.response(project)
    run = make.sampling_rule(make.queue(project), rate=1.0).start()
    jobs.run(SamplingRun, run.pk)
    return run


def test_it_lists_the_promises_of_every_room_in_order(project: Project) -> None:
    a_finished_run(project)
    said, error = verify()
    assert error == ""
    assert "I8        0  A sampling run with the same rule" in said
    assert f"All {len(list(invariants()))} promises hold." in said
    codes = [line.split()[0] for line in said.splitlines() if line.startswith("I")]
    assert codes == sorted(codes, key=lambda code: int(code[1:]))


def test_a_broken_promise_is_told_with_an_example(project: Project) -> None:
    run = a_finished_run(project)
    Item.objects.filter(run_id=run.pk).delete()
    said, error = verify()
    assert "promises are broken" in error
    assert "1 drawn responses have no item" in said


def test_programs_get_json(project: Project) -> None:
    a_finished_run(project)
    answer = json.loads(verify("--json", "--project", project.slug)[0])
    assert answer["holds"] is True
    (sampling,) = [entry for entry in answer["invariants"] if entry["code"] == "I8"]
    assert (sampling["room"], sampling["violations"], sampling["examples"]) == ("reviews.sampling", 0, [])


def test_an_unknown_project_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="There is no project 'nowhere'"):
        call_command("verify", "--project", "nowhere")
