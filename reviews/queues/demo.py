"""The demo's queues: one that judges single answers, one that compares prompt versions."""

from feedback.accounts.models import Project
from feedback.rubrics.models import RubricVersion
from reviews.queues.models import Queue

GROUNDED, PAIRS = "groundedness", "which-answer-is-better"


def fill(project: Project) -> None:
    versions = {
        version.subject_size: version for version in RubricVersion.objects.filter(project=project).order_by("number")
    }
    single = {"name": "Groundedness", "rubric_version": versions[1], "k": 2}
    pair = {"name": "Which answer is better?", "rubric_version": versions[2], "k": 3}
    Queue.objects.get_or_create(project=project, key=GROUNDED, defaults=single)
    Queue.objects.get_or_create(project=project, key=PAIRS, defaults=pair)
