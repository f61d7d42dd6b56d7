"""A prompt version takes its text once; from then on nothing of it changes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from tests import make


def test_a_version_known_by_its_label_takes_its_text_once(project: Project) -> None:
    version = make.prompt_version(project)
    assert not version.has_text
    version.write("Answer {q}", "Be brief.", {"temperature": 0})
    assert (version.template, version.has_text) == ("Answer {q}", True)
    version.write("Other", "", {})
    assert (version.template, version.parameters) == ("Answer {q}", {"temperature": 0})


@pytest.mark.parametrize(
    "change", [{"template": "Other"}, {"system": "Other"}, {"label": "v9"}, {"parameters": {"a": 1}}]
)
def test_a_version_with_text_is_frozen(project: Project, change: dict[str, object]) -> None:
    version = make.prompt_version(project)
    version.write("", "Be brief.", {})
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        PromptVersion.objects.filter(pk=version.pk).update(**change)
