"""The API's description in OpenAPI: what every operation has in common is written here once.

A view says what is its own: a docstring (first line: summary), serializers, examples, parameters, and which problems of
its own it answers (`refuses`). The hook `complete` adds the rest from the permission table and from those parameters.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.urls import Resolver404, resolve
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ModelSerializer

from feedback import permissions
from feedback.accounts import sparse
from feedback.accounts.problems import MEDIA_TYPE, body

TAGS = {
    "responses": "What a model answered: send it, list it, read it.",
    "prompts": "What was asked, by name.",
    "prompt-versions": "The immutable texts of prompts.",
    "rubrics": "What reviewers are asked.",
    "rubric-versions": "Frozen criteria, with the guideline that teaches them.",
    "queues": "Items that wait for reviews, and claiming them.",
    "assignments": "A reviewer's turn at an item: draft, submit, skip, undo.",
    "reviews": "What reviewers answered.",
    "critics": "Programs that judge responses, and their versions.",
    "assessments": "What critics said of responses.",
    "imported-reviews": "Human labels from elsewhere.",
    "votes": "The answers of reviews one by one: ratings, choices, comparisons.",
    "spans": "The stretches of text that reviewers marked.",
    "verdicts": "What reviews were settled into.",
    "gold": "Items with a known answer, for curators; reviewers cannot tell them.",
    "sampling-rules": "What is drawn into which queue.",
    "sampling-runs": "Executions of a rule.",
    "datasets": "Definitions, and building versions of them.",
    "dataset-versions": "Frozen sets of rows, and files made from them.",
    "exports": "Files: their state, their manifest, the download.",
    "export-links": "Links that open a finished file once, without a key.",
    "shipments": "Finished files on their way to the operator's destinations.",
    "preference-pairs": "The pairs of a dataset version, page by page.",
    "analyses": "Figures that a worker computes from reviews: leaderboards, agreement and reliability.",
    "items": "What waits in queues or has been judged, and how far it is.",
    "escalations": "What reviewers asked moderators, and what they were answered.",
    "queue-health": "Which queues need somebody.",
    "disputes": "What reviewers did not agree on, and how it ended.",
    "reviewer-notices": "What moderators were told of reviewers.",
    "reviewer-measures": "How far each reviewer can be relied on, as measured once a day.",
    "trainers": "Where models are fine-tuned.",
    "fine-tunes": "Start one, follow it, cancel it; what its scheduler reports.",
    "training-files": "Files that a scheduler fetches once.",
    "webhooks": "Addresses that are told of events.",
    "webhook-events": "What was told.",
    "webhook-deliveries": "One event on its way to one webhook, with every attempt.",
    "audit-entries": "Who did what, in rows that nobody changes.",
}

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; `code` says which, and stays as it is.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable and short, such as `lease-lost`."},
        "detail": {"type": "string", "description": "One sentence for people."},
        "pointer": {"type": "string", "description": "JSON pointer to what is wrong with the body."},
        "errors": {
            "type": "array",
            "description": "Every field that cannot be accepted.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "external_id": {"type": "string", "description": "Of the row that was refused."},
        "result": {"type": "object", "description": "What was taken before a stream broke."},
        "current": {"description": "The state that stands, when an update was refused."},
    },
}

# Problems that many operations share: status -> (code, one sentence for the description, detail of the example).
SHARED = {
    400: ("invalid", "The request cannot be read, or a field of it cannot be accepted.",
          "Some fields cannot be accepted; see errors."),
    401: ("not-authenticated", "No key or session, or one that is not known.",
          "Authentication credentials were not provided."),
    403: ("permission-denied", "The key's scopes or the member's role do not allow it.",
          "This key or member may not do that."),
    404: ("not-found", "There is no such thing in this project.", "There is no such thing here."),
    406: ("not-acceptable", "`Accept` asks for another type than the one there is.",
          "Could not satisfy the request Accept header."),
    409: ("in-flight", "A request with the same Idempotency-Key is being worked on.",
          "A request with this Idempotency-Key is being worked on; ask again in a second."),
    411: ("length-required", "The body came without its length.", "Send this body with a Content-Length."),
    412: ("changed", "`If-Match` names another state than the one that stands.",
          "Somebody else has changed this since you read it; look at its current state."),
    413: ("too-large", "The body is too large.", "More than 4194304 bytes."),
    415: ("unsupported-media-type", "The body has another type, charset or packing than is taken.",
          'Unsupported media type "text/plain" in request.'),
    422: ("idempotency-key-reused", "The Idempotency-Key was used for another request.",
          "This Idempotency-Key was used for another request (POST /api/v1/datasets/answers/build/); take a new one."),
    429: ("too-many-requests", "Too many requests; `Retry-After` says when to ask again.",
          "At most 6000 in 60 seconds; ask again in 2 seconds."),
    503: ("unavailable", "The database is busy or away; `Retry-After` says when to ask again.",
          "The database is busy or away. What was acknowledged is safe; send this again in a moment."),
}  # fmt: skip
EVERYWHERE = (400, 401, 403, 404, 406, 429, 503)
OWN_DETAIL = {
    "lease-lost": "The place is not held any more. A submit is still welcome.",
    "submission-reused": "This submission id has stored other answers already.",
    "too-late": "This review can no longer be undone: the time for it is over.",
    "answers-refused": "Some answers cannot be accepted; see errors.",
    "question-refused": "Say what the moderator should look at.",
    "gold-refused": "This item is gold already: revise what is expected of it.",
    "no-member": "This key is nobody's: gold names who made it.",
    "not-qualified": "A training comes first.",
    "split-sealed": "The test split is sealed: no file to learn from may hold it.",
    "version-not-complete": "The version is not complete; ask again when its state is done.",
    "version-redacted": "Rows of this version were erased. Make the file from the version that follows it.",
    "file-withdrawn": "This file was deleted, because rows of it were erased at the request of a person.",
    "fine-tune-over": "It has ended; nothing more is written down.",
    "link-over": "This address was used or is too old; ask for another one.",
    "not-ready": "The file is not there yet; ask again when its state is done.",
    "no-destination": "There is no such destination for this project.",
    "too-many-webhooks": "A project has 20 webhooks at most; remove one first.",
    "switched-off": "Nothing is sent to this webhook now; switch it on first.",
    "range-not-satisfiable": "The file ends before that range.",
    "conflict": "A response with this external id and another body is stored; it was not changed.",
    "unknown": "No response has this external id yet; send its messages and output.",
}

HEADERS = {
    "RateLimit-Limit": ("integer", "How many requests the window allows.", 6000),
    "RateLimit-Remaining": ("integer", "How many are left.", 5999),
    "RateLimit-Reset": ("integer", "Seconds until more are free.", 60),
    "RateLimit-Policy": ("string", "The window: quota and seconds (IETF draft).", '"requests";q=6000;w=60'),
    "RateLimit": ("string", "Where you stand in it (IETF draft).", '"requests";r=5999;t=60'),
    "Retry-After": ("integer", "Seconds until it is worth asking again.", 2),
    "ETag": ("string", "Entity tag of what was answered.", '"0123456789abcdef0123456789abcdef"'),
    "Location": ("string", "Where the new thing is.", "/api/v1/sampling-runs/7/"),
    "Content-Range": ("string", "Which bytes these are, and of how many.", "bytes 1000-1999/2000"),
    "Idempotency-Replayed": ("boolean", "Present and true when this is the stored answer of an earlier request.", True),
    "WWW-Authenticate": ("string", "How to come in.", "Bearer"),
}
LIMITED = [name for name in HEADERS if name.startswith("RateLimit")]

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Chosen by you, a random UUID at best. The same key with the same request gets the same answer for 24 "
    "hours and creates nothing again.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The entity tag that you read. When another state stands by now, nothing is changed: 412.",
)
LOCATION = OpenApiParameter("Location", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[201, 202])
ETAG = OpenApiParameter("ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200])


def choice_of(serializer: type[sparse.SparseSerializer]) -> OpenApiParameter:
    """`?fields=`: which there are is part of the description."""
    return OpenApiParameter(
        sparse.PARAMETER,
        {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(sparse.known(serializer))}},
        description="Only these, with commas between; all when left out. What is not asked for is not read either.",
        explode=False,
    )


Operation = dict[str, Any]
SMALLEST_RANGE = 2**15 - 1  # of a column that holds integers


def refuses(problems: Mapping[int, list[str]]) -> dict[str, Any]:
    """For `extend_schema(extensions=…)`: status -> codes of problems that only this operation answers."""
    return {"x-problems": problems}


class ProgramSchema(AutoSchema):
    """The first line of a docstring is the summary, the rest the description."""

    def doc(self) -> tuple[str, str]:
        """Of the view's own method, else of its class; what REST framework says about itself is left out."""
        method = getattr(self.view, self.method.lower(), None)
        is_ours = "rest_framework" not in getattr(method, "__module__", "") and getattr(method, "__doc__", None)
        text = inspect.cleandoc((method.__doc__ if is_ours and method else type(self.view).__doc__) or "")
        first, _, rest = text.partition("\n\n")
        return " ".join(first.split()).rstrip("."), "\n\n".join(" ".join(part.split()) for part in rest.split("\n\n"))

    def get_override_parameters(self) -> list[Any]:
        kind = getattr(self.view, "sparse_serializer", lambda: None)() if self.method == "GET" else None
        return [*super().get_override_parameters(), *([choice_of(kind)] if kind else [])]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """How far integers of a model reach depends on the database; the description does not."""
        schema = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, sparse.SparseSerializer):
            schema.pop("required", None)  # who asks for some fields gets no others
        if isinstance(serializer, ModelSerializer):
            for part in schema.get("properties", {}).values():
                for bound in ("minimum", "maximum"):
                    if abs(part.get(bound, 0)) >= SMALLEST_RANGE:
                        del part[bound]
                if part.get("format") == "int64":
                    del part["format"]
        return schema

    def get_summary(self) -> str | None:
        return self.doc()[0]

    def get_description(self) -> str:  # type: ignore[override]
        return self.doc()[1]


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """The hook: rights, problems, headers and tags of every operation."""
    parts = result.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["headers"] = {name: header(*about) for name, about in HEADERS.items()}
    parts["responses"] = {name_of(status): shared_problem(status) for status in SHARED}
    used = set()
    for path, method, operation in operations(result):
        used.update(operation["tags"])
        say_who(operation, path, method)
        say_conditions(operation, method)
        add_problems(operation)
        add_headers(operation)
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return result


def operations(result: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method.upper(), operation


def header(kind: str, description: str, example: Any) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description, "example": example}


def name_of(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "")


def problem(status: int, code: str, detail: str, description: str) -> dict[str, Any]:
    example = {"value": body(status, code, detail)}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {code: example}}}
    return {"description": description, "content": content}


def shared_problem(status: int) -> dict[str, Any]:
    code, description, detail = SHARED[status]
    answer = problem(status, code, detail, description)
    more = {401: ["WWW-Authenticate"], 412: ["ETag"], **dict.fromkeys((409, 429, 503), ["Retry-After"])}.get(status, [])
    names = more if status in {401, 503} else [*LIMITED, *more]
    return {**answer, "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}}


def route_of(path: str) -> str:
    """The name of the route behind a template; any value that its converters take finds it."""
    for sample in ("1", "00000000-0000-4000-8000-000000000000"):
        try:
            return resolve(re.sub(r"\{\w+\}", sample, path)).view_name
        except Resolver404:
            continue
    raise LookupError(path)


def say_who(operation: Operation, path: str, method: str) -> None:
    """Security, each scope that opens it by itself, and the same in words."""
    verb = permissions.verb_of(route_of(path), method) or ""
    scopes = [scope for scope, verbs in permissions.SCOPES.items() if verb in verbs]
    roles = [role for role in permissions.ROLES if permissions.may(role, verb)]
    operation["security"] = [*({"apiKey": [scope]} for scope in scopes), {"session": []}]
    whose = " of a member" if verb == "review" else ""
    words = (
        f"For keys{whose} with scope {' or '.join(f'`{scope}`' for scope in scopes)}; for members: {', '.join(roles)}."
    )
    operation["description"] = "\n\n".join(filter(None, [operation.get("description", ""), words]))
    operation.setdefault("parameters", []).append(
        {
            "name": "Touchstone-Project",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": "With a session: which project, when the member is in several. A key has its own.",
        }
    )


def say_conditions(operation: Operation, method: str) -> None:
    """Whatever is read can be asked for only when it has changed."""
    if method == "GET":
        description = "The entity tag that you have: 304 and no body while it is still the same."
        known = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        operation["parameters"].append({**known, "description": description})
        operation["responses"]["304"] = {"description": "What you have is what there is."}


def add_problems(operation: Operation) -> None:
    headers = {row["name"] for row in operation["parameters"] if row["in"] == "header"}
    wanted = [*EVERYWHERE]
    if "requestBody" in operation:
        wanted += [411, 413, 415]
    if "Idempotency-Key" in headers:
        wanted += [409, 413, 422]
    if "If-Match" in headers:
        wanted += [412]
    own: Mapping[int, list[str]] = operation.pop("x-problems", {})
    answers = operation["responses"]
    for status in sorted({*wanted, *own}):
        if status not in own:
            answers[str(status)] = {"$ref": f"#/components/responses/{name_of(status)}"}
            continue
        codes = [*own[status], *([SHARED[status][0]] if status in wanted else [])]
        answers[str(status)] = own_problem(status, codes)
    operation["responses"] = dict(sorted(answers.items()))


def own_problem(status: int, codes: list[str]) -> dict[str, Any]:
    """One answer for the problems of an operation and the shared ones of the same status."""
    limited = {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in LIMITED}}
    answer = shared_problem(status) if status in SHARED else {**problem(status, codes[0], "", ""), **limited}
    detail = {**OWN_DETAIL, **({SHARED[status][0]: SHARED[status][2]} if status in SHARED else {})}
    examples = {code: {"value": body(status, code, detail[code])} for code in codes}
    answer["content"][MEDIA_TYPE]["examples"] = examples
    return {**answer, "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}."}


def add_headers(operation: Operation) -> None:
    is_kept = any(row["name"] == "Idempotency-Key" for row in operation["parameters"])
    is_read = "304" in operation["responses"]
    for status, answer in operation["responses"].items():
        if "$ref" in answer or status >= "400":
            continue
        own = [name for name in answer.get("headers", {}) if name in HEADERS]
        own += ["ETag"] if is_read else []
        own += ["Idempotency-Replayed"] if is_kept and status != "204" else []
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in [*LIMITED, *dict.fromkeys(own)]}
        answer["description"] = answer.get("description") or HTTPStatus(int(status)).phrase + "."


class BoundedFilters(DjangoFilterExtension):
    """Filters with the bounds that their forms hold them to."""

    priority = 1
    BOUNDS = {"min_value": "minimum", "max_value": "maximum", "max_length": "maxLength"}

    def resolve_filter_field(self, *args: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().resolve_filter_field(*args)
        given = args[-1].extra
        for parameter in parameters:
            schema = parameter["schema"]
            schema |= {theirs: given[ours] for ours, theirs in self.BOUNDS.items() if ours in given}
            if schema.get("type") == "string" and not {"enum", "format"} & set(schema):
                schema["minLength"] = 1
        return parameters


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "feedback.accounts.api_auth.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        description = "An API key of a project, such as tsk_0123456789_…; its scopes say what it may do."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "tsk_…", "description": description}


class MemberSessionScheme(OpenApiAuthenticationExtension):
    target_class = "feedback.accounts.api_auth.MemberSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        description = (
            "A signed-in member, by the cookie of the pages (`__Host-session`, or with the port in its name without "
            "TLS); writing needs `X-CSRFToken` too. Who is in several projects names one in `Touchstone-Project`."
        )
        return {"type": "apiKey", "in": "cookie", "name": "session", "description": description}
