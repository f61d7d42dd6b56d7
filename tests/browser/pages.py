"""Every page of a project at its address in a world, for the tests that look at all of them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from playwright.sync_api import APIResponse

from tests import addresses

PAGES = addresses.PAGES
GROUPS = 4  # tests that share the pages, so that two processes share the work

# Route -> what of the world its address names. Other routes with arguments get a fresh thing (addresses.SAMPLES).
OF_WORLD: dict[str, Any] = {
    "responses:response-detail": lambda world: {"pk": world["responses"][0].pk},
    "rubrics:rubric-detail": lambda world: {"pk": world["single"].rubric_version.rubric_id},
    "queues:queue-detail": lambda world: {"key": world["single"].key},
    "queues:queue-change": lambda world: {"key": world["single"].key},
    "queues:review": lambda world: {"key": world["single"].key},
    "quality:settle": lambda world: {"pk": world["disputed"].pk},
    "moderation:item-detail": lambda world: {"pk": world["disputed"].pk},
    "datasets:dataset-detail": lambda world: {"key": world["dataset"].key},
    "datasets:version-detail": lambda world: {"key": world["dataset"].key, "number": world["version"].number},
    "datasets:export-download": lambda world: {
        "key": world["dataset"].key, "number": world["version"].number, "pk": world["exports"][0].pk,
    },
}  # fmt: skip


def address(route: str, world: dict[str, Any]) -> str:
    project = world["project"]
    if route in OF_WORLD:
        kwargs = {"project": project.slug, **OF_WORLD[route](world)}
        return reverse(route, kwargs=kwargs)
    return addresses.address(route, project, world["admin"])


def is_page(answer: APIResponse) -> bool:
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")
