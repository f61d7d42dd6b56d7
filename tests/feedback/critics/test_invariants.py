"""What `manage.py verify` asks of assessments."""

from __future__ import annotations

from feedback.accounts.models import Project
from feedback.critics.assess import assess
from feedback.critics.invariants import foreign_assessments, misplaced_spans
from feedback.critics.models import Assessment, CriticVersion
from tests import make

CRITIC = {"slug": "judge", "version": "1"}
SPAN = {"start": 0, "end": 3, "quote": "You", "kind": "unsupported"}


def test_nothing_is_found_in_a_sound_world(project: Project) -> None:
    name = make.response(project).external_id
    assess(project, [{"response": name, "critic": CRITIC, "spans": [SPAN]}])
    assert misplaced_spans() == []
    assert not foreign_assessments().exists()


def test_a_quote_that_stands_elsewhere_is_found(project: Project) -> None:
    response = make.response(project)
    assess(project, [{"response": response.external_id, "critic": CRITIC, "score": 1}])
    version = CriticVersion.objects.create(project=project, critic=CriticVersion.objects.get().critic, label="2")
    wrong = [SPAN | {"start": 1, "end": 4}]
    row = Assessment.objects.create(project=project, version=version, response=response, spans=wrong, body_hash="0")
    assert misplaced_spans() == [f"assessment {row.pk}"]


def test_a_response_of_another_project_is_found(project: Project) -> None:
    response = make.response(project)
    assess(project, [{"response": response.external_id, "critic": CRITIC, "score": 1}])
    version = CriticVersion.objects.create(project=project, critic=CriticVersion.objects.get().critic, label="2")
    theirs = make.response(make.project())
    Assessment.objects.create(project=project, version=version, response=theirs, body_hash="0")
    assert foreign_assessments().count() == 1
