"""Subjects of one response or of several to the same input: found or made in bulk, once each however many ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from django.db import transaction

from feedback.accounts.models import Project
from feedback.responses.models import Response, Subject, SubjectResponse

CHUNK = 500
T = TypeVar("T")


def single(project: Project, responses: Iterable[Response]) -> list[Subject]:
    """The subject of each response alone, in the order given."""
    rows = list(responses)
    if any(row.project_id != project.pk for row in rows):
        raise ValueError("A response of another project cannot become a subject here.")
    return _subjects(project, [(row.pk,) for row in rows], {row.pk: row.input_hash for row in rows})


def sets(project: Project, groups: Sequence[Sequence[int]]) -> list[Subject]:
    """The subject of each group of response ids, in the order given. ValueError unless a group shares its input.

    A group is a set: its order does not matter, and positions follow the ids.
    """
    keys = [tuple(sorted(set(group))) for group in groups]
    hashes = _input_hashes(project, sorted({pk for key in keys for pk in key}))
    for key in keys:
        if not key or any(pk not in hashes for pk in key):
            raise ValueError(f"Responses {list(key)} are not all in this project.")
        if len({hashes[pk] for pk in key}) > 1:
            raise ValueError(f"Responses {list(key)} do not answer the same input.")
    return _subjects(project, keys, hashes)


def _input_hashes(project: Project, ids: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in _parts(ids):
        found.update(Response.objects.filter(project=project, pk__in=some).values_list("pk", "input_hash"))
    return found


def _subjects(project: Project, keys: Sequence[tuple[int, ...]], hashes: dict[int, str]) -> list[Subject]:
    # In the order of their keys: two processes that make the same subjects then never wait for each other in a circle.
    found: dict[str, Subject] = {}
    for some in _parts(sorted({Subject.key_of(list(key)): key for key in keys}.items())):
        found.update(_chunk(project, dict(some), hashes))
    return [found[Subject.key_of(list(key))] for key in keys]


def _chunk(project: Project, wanted: dict[str, tuple[int, ...]], hashes: dict[int, str]) -> dict[str, Subject]:
    known = _known(project, wanted)
    missing = {key: ids for key, ids in wanted.items() if key not in known}
    if not missing:
        return known
    with transaction.atomic():
        Subject.objects.bulk_create(
            [
                Subject(project=project, key=key, size=len(ids), input_hash=hashes[ids[0]])
                for key, ids in missing.items()
            ],
            ignore_conflicts=True,
        )
        made = _known(project, missing)
        SubjectResponse.objects.bulk_create(
            [
                SubjectResponse(subject=made[key], response_id=pk, position=position)
                for key, ids in missing.items()
                for position, pk in enumerate(ids)
            ],
            ignore_conflicts=True,
        )
    return known | made


def _known(project: Project, keys: Iterable[str]) -> dict[str, Subject]:
    return {row.key: row for row in Subject.objects.filter(project=project, key__in=list(keys))}


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
