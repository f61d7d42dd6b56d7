"""Every page of a project at its address in a world, for the tests that look at all of them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from playwright.sync_api import APIResponse, Page, expect

from tests import addresses

PAGES = addresses.PAGES
GROUPS = 4  # tests that share the pages, so that two processes share the work

# Route -> what of the world its address names. Other routes with arguments get a fresh thing (addresses.SAMPLES).
OF_WORLD: dict[str, Any] = {
    **dict.fromkeys(
        ["responses:response-detail", "queues:response-items", "judgements:response-verdicts",
         "quality:response-critics", "datasets:response-uses"],
        lambda world: {"pk": world["responses"][0].pk},
    ),
    **dict.fromkeys(
        ["prompts:prompt-detail", "prompts:version-compare", "monitoring:prompt-quality"],
        lambda world: {"pk": world["prompt_version"].prompt_id},
    ),
    "prompts:version-detail": lambda world: {"pk": world["prompt_version"].pk},
    **dict.fromkeys(
        ["rubrics:rubric-detail", "rubrics:rubric-edit", "rubrics:rubric-export", "rubrics:version-compare",
         "queues:rubric-preview"],
        lambda world: {"pk": world["single"].rubric_version.rubric_id},
    ),
    "rubrics:version-news": lambda world: {"pk": world["single"].rubric_version_id},
    **dict.fromkeys(
        [f"queues:{name}" for name in (
            "queue-detail", "queue-change", "queue-activity", "queue-pace", "queue-items", "queue-versions", "review",
        )],
        lambda world: {"key": world["single"].key},
    ),
    "passes:cards": lambda world: {"key": world["single"].key},
    "queues:turn": lambda world: {"token": world["own"].token},
    "queues:escalation": lambda world: {"pk": world["escalation"].pk},
    "moderation:escalation-detail": lambda world: {"pk": world["escalation"].pk},
    "quality:settle": lambda world: {"pk": world["disputed"].pk},
    "moderation:item-detail": lambda world: {"pk": world["disputed"].pk},
    "moderation:item-act": lambda world: {"pk": world["disputed"].pk, "act_name": "withdraw"},
    "moderation:review-act": lambda world: {"pk": world["judged"].pk, "act_name": "invalidate"},
    **dict.fromkeys(
        [f"sampling:rule-{name}" for name in ("detail", "change", "trial")],
        lambda world: {"key": world["rule"].key},
    ),
    "responses:filter-change": lambda world: {"pk": world["filter"].pk},
    **dict.fromkeys(
        ["responses:upload-detail", "responses:upload-errors"], lambda world: {"pk": world["upload"].pk}
    ),
    **dict.fromkeys(
        ["datasets:dataset-detail", "datasets:dataset-change", "datasets:version-compare"],
        lambda world: {"key": world["dataset"].key},
    ),
    **dict.fromkeys(
        [f"datasets:{name}" for name in ("version-detail", "pair-list", "excluded-list")],
        lambda world: {"key": world["dataset"].key, "number": world["version"].number},
    ),
    "datasets:pair-detail": lambda world: {
        "key": world["dataset"].key, "number": world["version"].number, "pair_id": world["pair"].pair_id,
    },
    **dict.fromkeys(
        ["datasets:export-download", "datasets:export-share"],
        lambda world: {
            "key": world["dataset"].key, "number": world["version"].number, "pk": world["exports"][0].pk,
        },
    ),
}  # fmt: skip


def address(route: str, world: dict[str, Any]) -> str:
    project = world["project"]
    if route in OF_WORLD:
        kwargs = {"project": project.slug, **OF_WORLD[route](world)}
        return reverse(route, kwargs=kwargs)
    return addresses.address(route, project, world["admin"])


def is_page(answer: APIResponse) -> bool:
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


def open_whole(page: Page, path: str) -> None:
    """The page with every fragment that it fetches by itself."""
    page.goto(path)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-added, .htmx-settling")).to_have_count(0)
