"""Beginning a rubric: blank, ready, copied, or from a document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.rubrics.exchange import document, read_document
from feedback.rubrics.forms import whole
from feedback.rubrics.models import Rubric, RubricDraft
from feedback.rubrics.ready import HELPFULNESS_CRITERIA, helpfulness_rubric

pytestmark = pytest.mark.once

QUESTION = {"key": "q", "kind": "yes_no", "label": "Is it?"}


@pytest.fixture
def create(curator: Member, client_of: Any) -> Any:
    url = reverse("rubrics:rubric-create", kwargs={"project": curator.project.slug})
    return lambda **data: client_of(curator).post(url, {"name": "Tone", "begin": "blank", **data})


def test_a_blank_one_opens_the_editor(create: Any, curator: Member) -> None:
    done = create()
    draft = RubricDraft.objects.get()
    assert done.status_code == 302
    assert done["Location"].endswith(f"/rubrics/{draft.rubric_id}/edit/")
    assert (draft.rubric.name, draft.author, draft.definitions) == ("Tone", curator, [])


def test_a_ready_one_can_be_changed_before_it_is_published(create: Any) -> None:
    create(begin="helpfulness")
    draft = RubricDraft.objects.get()
    assert draft.definitions == [whole(row) for row in HELPFULNESS_CRITERIA]
    assert draft.guideline.startswith("## What you judge")


def test_a_copy_begins_where_the_other_is(create: Any, curator: Member) -> None:
    version = helpfulness_rubric(curator.project)
    create(begin="copy", copied=version.rubric_id)
    assert len(RubricDraft.objects.get().definitions) == version.criteria.count()


def test_a_downloaded_rubric_comes_back_as_it_was(create: Any, curator: Member, client_of: Any) -> None:
    version = helpfulness_rubric(curator.project)
    url = reverse("rubrics:rubric-export", kwargs={"project": curator.project.slug, "pk": version.rubric_id})
    file = client_of(curator).get(url)
    assert file["Content-Disposition"] == 'attachment; filename="helpfulness-and-grounding-1.json"'
    assert file.text == document(version)
    create(begin="document", file=SimpleUploadedFile("r.json", file.content))
    draft = RubricDraft.objects.get()
    assert (draft.definitions, draft.guideline) == read_document(document(version))


def test_a_list_of_questions_can_be_pasted(create: Any) -> None:
    create(begin="document", document=json.dumps([QUESTION]))
    assert RubricDraft.objects.get().definitions == [whole(QUESTION)]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Taken"}, "name"),
        ({"begin": "nowhere"}, "begin"),
        ({"begin": "copy"}, "copied"),
        ({"begin": "copy", "copied": 0}, "copied"),
        ({"begin": "document"}, "file"),
        ({"begin": "document", "document": "{"}, "document"),
        ({"begin": "document", "document": "7"}, "document"),
        ({"begin": "document", "document": '{"criteria": [], "format": "other/1"}'}, "document"),
        ({"begin": "document", "document": '{"criteria": [{}], "guideline": 7}'}, "document"),
        ({"begin": "document", "document": '[{"key": "q", "kind": "guess", "label": "?"}]'}, "document"),
    ],
)
def test_what_cannot_begin_is_explained(create: Any, curator: Member, data: dict[str, Any], field: str) -> None:
    Rubric.objects.create(project=curator.project, name="Taken")
    page = create(**data)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not RubricDraft.objects.exists()


def test_a_fault_of_a_document_names_its_question(create: Any) -> None:
    page = create(begin="document", document=json.dumps([QUESTION, {**QUESTION, "key": "r", "kind": "guess"}]))
    assert "Question 2, kind: One of:" in page.text


def test_what_was_never_published_cannot_be_downloaded(create: Any, curator: Member, client_of: Any) -> None:
    create()
    url = reverse(
        "rubrics:rubric-export", kwargs={"project": curator.project.slug, "pk": RubricDraft.objects.get().rubric_id}
    )
    assert client_of(curator).get(url).status_code == 404


def test_moderators_look_but_do_not_begin(moderator: Member, client_of: Any) -> None:
    url = reverse("rubrics:rubric-create", kwargs={"project": moderator.project.slug})
    assert client_of(moderator).get(url).status_code == 403
