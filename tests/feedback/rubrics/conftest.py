"""The editor as a browser sends it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.rubrics.editor import flat
from feedback.rubrics.models import Rubric
from tests import make

HTMX = {"HX-Request": "true"}


class Editor:
    """A rubric's editor in the hands of a member."""

    def __init__(self, member: Member, rubric: Rubric) -> None:
        self.client: Client = make.SignedIn(member)
        self.url = reverse("rubrics:rubric-edit", kwargs={"project": rubric.project.slug, "pk": rubric.pk})

    def get(self, **options: Any) -> Any:
        return self.client.get(self.url, **options)

    def post(self, do: str, rows: list[dict[str, Any]], guideline: str = "", **options: Any) -> Any:
        """Press a button of the editor that holds these questions."""
        data: dict[str, Any] = {"questions": len(rows), "guideline": guideline, "do": do, **options.pop("more", {})}
        for index, row in enumerate(rows):
            posted = flat(row, f"q{index}-")
            data |= {name: posted.getlist(name) for name in posted}
            for name in ("choices", "kinds", "severities"):
                for at, entry in enumerate(row["options"].get(name, [])):
                    here = f"q{index}-{name}-{at}"
                    data |= {f"{here}-{field}": words for field, words in entry.items()}
                    if entry.get("value") and entry["value"] in row["fails_when"].get("values", []):
                        data[f"{here}-fails"] = "on"
        return self.client.post(self.url, data, **options)


@pytest.fixture
def rubric(curator: Member) -> Rubric:
    return Rubric.objects.create(project=curator.project, name="Answers")


@pytest.fixture
def editor(curator: Member, rubric: Rubric) -> Editor:
    return Editor(curator, rubric)


@pytest.fixture
def editor_of() -> type[Editor]:
    return Editor
