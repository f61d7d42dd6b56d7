"""Writing the next version: one draft a person and rubric, begun from the newest, ended by publishing."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.rubrics.definition import RubricRefused, check_definitions
from feedback.rubrics.models import Criterion, Rubric, RubricDraft, RubricVersion
from feedback.rubrics.publish import publish

FIELDS = ("key", "kind", "label", "help_text", "is_required", "options", "fails_when", "asked_when")


def definition_of(criterion: Criterion) -> dict[str, Any]:
    """A criterion in the shape that `publish` takes."""
    return {name: getattr(criterion, name) for name in FIELDS}


def definitions_of(version: RubricVersion) -> list[dict[str, Any]]:
    return [definition_of(criterion) for criterion in version.criteria.all()]


def newest_of(rubric: Rubric) -> RubricVersion | None:
    return rubric.versions.select_related("guideline").prefetch_related("criteria").order_by("-number").first()


def draft_of(rubric: Rubric, author: Member) -> RubricDraft:
    """This person's draft; an unsaved one that says what the newest version says, when there is none."""
    kept = rubric.drafts.filter(author=author).select_related("based_on").first()
    if kept is not None:
        return kept
    newest = newest_of(rubric)
    return RubricDraft(
        project_id=rubric.project_id,
        rubric=rubric,
        author=author,
        based_on=newest,
        definitions=definitions_of(newest) if newest else [],
        guideline=newest.guideline.text if newest and newest.guideline else "",
    )


@transaction.atomic
def create(
    project: Project, author: Member, name: str, definitions: list[dict[str, Any]], guideline: str, request: Any = None
) -> RubricDraft:
    """A rubric without a version yet, and the draft of its first."""
    rubric = Rubric.objects.create(project=project, name=name)
    record("rubric-created", rubric, request=request, actor=author)
    return RubricDraft.objects.create(
        project=project, rubric=rubric, author=author, definitions=definitions, guideline=guideline
    )


class DraftMoved(Exception):
    """Another page of the same person has saved the draft, or ended it, since this one was loaded."""


def seen_of(draft: RubricDraft) -> str:
    """Names the draft as it is, for a page that will save it; empty while nothing is saved."""
    return draft.updated_at.isoformat() if draft.pk else ""


def keep(draft: RubricDraft, definitions: list[dict[str, Any]], guideline: str, seen: str | None = None) -> None:
    """Save what was typed over what the page has `seen`; two first saves at once are one draft."""
    is_moved = seen is not None and seen != seen_of(draft)
    draft.definitions, draft.guideline = definitions, guideline
    if is_moved:
        raise DraftMoved
    if draft.pk:
        before, draft.updated_at = draft.updated_at, timezone.now()
        rows = RubricDraft.objects.filter(pk=draft.pk, updated_at=before)
        if not rows.update(definitions=definitions, guideline=guideline, updated_at=draft.updated_at):
            draft.updated_at = RubricDraft.objects.values_list("updated_at", flat=True).get(pk=draft.pk)
            raise DraftMoved
        return
    kept, _ = RubricDraft.objects.update_or_create(
        rubric=draft.rubric,
        author=draft.author,
        defaults={"definitions": definitions, "guideline": guideline},
        create_defaults={
            "project_id": draft.project_id,
            "based_on": draft.based_on,
            "definitions": definitions,
            "guideline": guideline,
        },
    )
    draft.pk, draft.updated_at = kept.pk, kept.updated_at


def is_outdated(draft: RubricDraft, newest: RubricVersion | None) -> bool:
    """Whether somebody published since this draft was begun."""
    return newest is not None and draft.based_on_id != newest.pk


@transaction.atomic
def publish_draft(draft: RubricDraft) -> RubricVersion:
    """The draft as the next version. `RubricRefused` when it cannot be, or says just what the newest one says."""
    rows = check_definitions(draft.definitions)
    Rubric.objects.select_for_update().get(pk=draft.rubric_id)
    newest = newest_of(draft.rubric)
    text = draft.guideline.strip()
    if (
        newest
        and definitions_of(newest) == rows
        and (newest.guideline.text.strip() if newest.guideline else "") == text
    ):
        detail = f"Nothing has changed: this is version {newest.number}."
        raise RubricRefused([{"pointer": "", "detail": detail}])
    kept = newest.guideline if newest and newest.guideline and newest.guideline.text.strip() == text else text + "\n"
    version = publish(draft.rubric, rows, kept if text else None, by=draft.author)
    RubricDraft.objects.filter(pk=draft.pk).delete()
    return version


@transaction.atomic
def discard(draft: RubricDraft) -> bool:
    """Throw the draft away, and a rubric that never had a version with its last one; whether the rubric is left."""
    RubricDraft.objects.filter(pk=draft.pk).delete()
    rubric = Rubric.objects.select_for_update().get(pk=draft.rubric_id)
    if rubric.versions.exists() or rubric.drafts.exists():
        return True
    record("rubric-discarded", rubric, actor=draft.author)
    rubric.delete()
    return False
