"""Frozen rows: the database refuses to change them, whatever code tries."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.frozen import FreezeRows
from feedback.prompts.models import PromptVersion
from feedback.responses.models import Response, ResponseBody
from feedback.rubrics.models import RubricVersion
from tests import make


def promised() -> set[str]:
    """The triggers that the migrations promise."""
    loader = MigrationLoader(connection)
    return {
        f"{app}_{operation.model.lower()}_frozen{kept}"
        for (app, _), migration in loader.disk_migrations.items()
        for operation in migration.operations
        if isinstance(operation, FreezeRows)
        for kept in ("", *(["_kept"] if operation.deletion else []))
    }


def existing() -> set[str]:
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name for (name,) in cursor.fetchall()}


def test_every_promised_trigger_exists(db: None) -> None:
    assert promised()
    assert promised() <= existing()


def test_a_text_is_emptied_once_with_the_time_and_with_nothing_else(project: Project) -> None:
    body = ResponseBody.objects.filter(response=make.response(project, "As it came in."))
    emptied = {**ResponseBody.ERASED, "erased_at": timezone.now()}
    for refused in (
        ResponseBody.ERASED,
        {"erased_at": timezone.now()},
        {**emptied, "output": "Something else."},
        {**emptied, "messages": [{"role": "user", "content": "Another"}]},
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            body.update(**refused)
    assert body.update(**emptied) == 1
    for later in ({"erased_at": None}, {"erased_at": timezone.now()}, {"output": "Back."}):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            body.update(**later)


def test_identity_is_not_changed_under_cover_of_an_erasure(project: Project) -> None:
    row = Response.objects.filter(pk=make.response(project).pk)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        row.update(**Response.ERASED, erased_at=timezone.now(), draw_key=0.5)
    assert row.update(**Response.ERASED, erased_at=timezone.now()) == 1
    assert row.get().external_id == f"erased-{row.get().pk}"


def test_a_prompt_version_takes_its_text_once(project: Project) -> None:
    version = make.prompt_version(project)
    assert PromptVersion.objects.filter(pk=version.pk).update(template="Answer {{question}}.") == 1
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        PromptVersion.objects.filter(pk=version.pk).update(template="another")
    version.refresh_from_db()
    assert version.template == "Answer {{question}}."


def test_it_refuses_a_changed_answer_of_a_model(project: Project) -> None:
    response = make.response(project, "As it came in.")
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        ResponseBody.objects.filter(response=response).update(output="Changed.")


def test_it_refuses_another_draw_key_and_takes_a_late_cost(project: Project) -> None:
    response = make.response(project)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Response.objects.filter(pk=response.pk).update(draw_key=0.5)
    assert Response.objects.filter(pk=response.pk).update(cost="0.001", is_queued=True) == 1


def test_it_takes_the_same_value_again(project: Project) -> None:
    response = make.response(project, "As it came in.")
    assert ResponseBody.objects.filter(response=response).update(output="As it came in.") == 1


def test_a_rubric_version_freezes_when_it_is_first_used(project: Project) -> None:
    version = make.rubric_version(project)
    assert RubricVersion.objects.filter(pk=version.pk).update(subject_size=2) == 1
    assert RubricVersion.objects.filter(pk=version.pk).update(frozen_at=version.created_at) == 1
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        RubricVersion.objects.filter(pk=version.pk).update(subject_size=1)
