"""The demo's rubrics: the two that every project may begin with."""

from feedback.accounts.models import Project
from feedback.rubrics.ready import helpfulness_rubric, pairwise_rubric


def fill(project: Project) -> None:
    if not project.rubrics.exists():
        helpfulness_rubric(project)
        pairwise_rubric(project)
