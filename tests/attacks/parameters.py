"""What pages and API read from an address: names in `request.GET`, filters, form fields.

`read_in` finds in the code what any page of a room may read, `asked_by` finds by asking what one page does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from django.forms.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.test import Client
from django.urls import get_resolver, resolve
from django_filters import FilterSet
from rest_framework.serializers import BaseSerializer

from tests.shape.tree import name_of, product_files, tree

READ = {"GET", "POST", "query_params"}
# The columns that a parameter of an address can name a row by. A new parameter needs its line, here or below.
NAMES_ROW: dict[str, tuple[str, ...]] = {
    "version": ("prompts.PromptVersion.pk", "rubrics.RubricVersion.pk", "datasets.DatasetVersion.pk"),
    "from": ("prompts.PromptVersion.pk", "rubrics.RubricVersion.pk"),
    "to": ("prompts.PromptVersion.pk", "rubrics.RubricVersion.pk"),
    "older": ("datasets.DatasetVersion.pk",),
    "newer": ("datasets.DatasetVersion.pk",),
    "model": ("responses.LanguageModel.pk", "responses.LanguageModel.name"),
    "provider": ("responses.LanguageModel.provider",),
    "object_id": ("queues.Item.pk", "responses.Response.pk", "accounts.Project.pk"),
    "review": ("judgements.Review.pk",),
    "actor": ("accounts.Member.key", "accounts.User.key"),
    "of": ("moderation.BulkAction.pk",),
    "item": ("queues.Item.pk",),
    "shown": ("queues.Assignment.pk",),
    "critic": ("critics.Critic.slug",),
    "critic_version": ("critics.CriticVersion.label",),
    "dataset": ("datasets.Dataset.key",),
    "like": ("training.FineTuneJob.pk", "queues.Item.pk"),
    "trainer": ("training.Trainer.key",),
    "attribute": ("quality.ReviewerAttribute.key",),
    "queue": ("queues.Queue.key", "queues.Queue.pk"),
    "queues": ("queues.Queue.key",),
    "where": ("queues.Queue.pk",),
    "rubric": ("rubrics.Rubric.name", "rubrics.Rubric.pk"),
    "rubric_version": ("rubrics.RubricVersion.pk",),
    "subject": ("responses.Subject.pk",),
    "response": ("responses.Response.external_id", "responses.Response.pk"),
    "reviewer": ("accounts.Member.pseudonym",),
    "source": ("accounts.Member.source",),
    "batch": ("responses.IngestBatch.pk",),
    "id": ("responses.Response.pk",),
    "prompt": ("prompts.Prompt.name", "prompts.Prompt.pk"),
    "prompt_version": ("prompts.PromptVersion.label",),
    "webhook": ("outbox.Endpoint.pk",),
    "about": ("outbox.Event.about",),
    "external_id": ("responses.Response.external_id",),
    "input_hash": ("responses.Response.input_hash",),
    "name": ("prompts.Prompt.name",),
    "label": ("prompts.PromptVersion.label",),
    "q": (
        "responses.Response.external_id",
        "prompts.Prompt.name",
        "accounts.User.email",
        "datasets.PreferencePair.pair_id",
    ),
    "text": ("responses.Response.external_id",),
}
NAMES_NO_ROW = set(
    """
    act go after seen all_the_same before cursor page page_size format columns only reason region shape show state table
    view totals marks estimate close preview reset do all digest filters guideline kind n next query object_type
    type verb since until split criterion min_votes min_share min_strength round standing method is_failure
    is_current submitted_after submitted_before created_after created_before role stratum origin environment
    segment tag conversation_id trace_id span_id subject_key licence responded_after responded_before
    received_after received_before verdict is_queued has_feedback has_cost has_passages consent min_cost
    max_cost min_latency_ms max_latency_ms min_input_tokens max_input_tokens min_output_tokens max_output_tokens
    min_reasoning_tokens max_reasoning_tokens feedback_below feedback_above critic_label critic_below critic_above
    fields severity has_evidence in_passage number measure order brief k is_open is_settled min_score max_score size
    cards wanted skill wait upto
    """.split()
)


@cache
def read_by(path: Path) -> frozenset[str]:
    """Names that the module takes out of `request.GET`, `request.POST` and `request.query_params`."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and name_of(node.func) in {"get", "getlist"}:
            holder, key = getattr(node.func, "value", None), node.args[0] if node.args else None
        elif isinstance(node, ast.Subscript):
            holder, key = node.value, node.slice
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            holder, key = node.comparators[0], node.left
        else:
            continue
        if name_of(holder or node) in READ and isinstance(key, ast.Constant):
            found.add(str(key.value))
    return frozenset(found)


def room_of(view: str) -> Path:
    """Folder of the module that holds a view, such as reviews/queues."""
    return Path(*view.split(".")[:2])


@cache
def read_in(room: Path) -> frozenset[str]:
    """Every parameter that a module of the room reads, by name or through a FilterSet."""
    named = {name for path in product_files() if path.is_relative_to(room) for name in read_by(path)}
    filters = [one for one in filter_sets() if Path(*one.__module__.split(".")[:2]) == room]
    return frozenset(named.union(*(one.base_filters for one in filters)))


def read_at(path: str) -> frozenset[str]:
    """Every parameter that a module of the room of the address reads."""
    view = resolve(path.partition("?")[0]).func
    return read_in(room_of(getattr(view, "cls", view).__module__))


class Noted(QueryDict):
    """What stands behind the question mark, and which names were looked up by whoever answered the last request."""

    names: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)

    def getlist(self, key: str, default: Any = None) -> list[Any]:
        self.names.add(key)
        return super().getlist(key, default)

    def __contains__(self, key: object) -> bool:
        self.names.add(str(key))
        return super().__contains__(key)


def noting(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware for `asked_by`."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.GET = Noted(request.META["QUERY_STRING"])
        Noted.names.clear()
        return get_response(request)

    return answer


NamesOf = Callable[[Client, str], list[str]]


def asked_by(browser: Client, path: str) -> list[str]:
    """The parameters that the page looks up, when it is given none, and when it is given all of its room."""
    known, asked = read_at(path), set[str]()
    for names in (frozenset[str](), known):
        browser.get(path, dict.fromkeys(names, "1"))
        asked |= known & Noted.names
    return sorted(asked)


def of_the_room(browser: Client, path: str) -> list[str]:
    return sorted(read_at(path))


def subclasses(base: type[Any]) -> set[type[Any]]:
    return {base}.union(*(subclasses(one) for one in base.__subclasses__()))


def ours(base: type[Any]) -> list[type[Any]]:
    """Our classes that build on it, in every module that the routes import."""
    get_resolver().url_patterns  # noqa: B018  imports every view
    found = [one for one in subclasses(base) if one.__module__.split(".")[0] in {"feedback", "reviews"}]
    return sorted(found, key=lambda one: (one.__module__, one.__qualname__))


def filter_sets() -> list[type[Any]]:
    return ours(FilterSet)


def forms() -> list[type[Any]]:
    return ours(BaseForm)


def serializers() -> list[type[Any]]:
    return ours(BaseSerializer)
