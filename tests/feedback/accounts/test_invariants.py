"""I13 finds a row that refers to another project, whichever table it is in."""

from __future__ import annotations

from django.apps import apps

from feedback.accounts.invariants import borders, crossings
from feedback.accounts.models import ApiKey, Member, Project, ProjectRow
from feedback.responses.models import Response, SubjectResponse
from tests import make


def test_a_clean_world_has_no_crossings(project: Project, reviewer: Member, outsider: Member) -> None:
    make.subject(make.response(project))
    make.subject(make.response(outsider.project))
    make.queue(project)
    make.api_key(project, "review", member=reviewer)
    assert crossings() == []


def test_it_finds_a_key_of_another_projects_member(project: Project, outsider: Member) -> None:
    ApiKey.issue(project, "wrong", ["review"], member=outsider)
    assert crossings() == ["1 rows of accounts.ApiKey refer to another project by member."]


def test_it_finds_a_response_under_another_projects_prompt(project: Project, other_project: Project) -> None:
    foreign = make.prompt_version(other_project)
    make.response(project)
    Response.objects.update(prompt_version=foreign)
    assert crossings() == ["1 rows of responses.Response refer to another project by prompt_version."]


def test_it_finds_a_row_without_a_project_that_joins_two(project: Project, other_project: Project) -> None:
    subject = make.subject(make.response(project))
    SubjectResponse.objects.create(subject=subject, response=make.response(other_project), position=1)
    assert crossings() == ["1 rows of responses.SubjectResponse refer to another project by response."]


def test_every_table_of_a_project_that_refers_to_another_is_watched() -> None:
    watched = {model for model, _, _ in borders()}
    referring = {
        model
        for model in apps.get_models()
        if issubclass(model, ProjectRow)
        and any(
            isinstance(field.related_model, type) and issubclass(field.related_model, ProjectRow)
            for field in model._meta.concrete_fields
        )
    }
    assert referring
    assert referring <= watched
