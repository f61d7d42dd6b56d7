"""What every view of the API stands on: its project and member, its entity tags, its list and its single row."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.exceptions import ValidationError
from rest_framework.fields import BooleanField, CharField, Field, IntegerField, UUIDField, empty
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from feedback.accounts import sparse
from feedback.accounts.models import Member, Project
from feedback.accounts.problems import Problem

READS = frozenset({"GET", "HEAD"})
PAGING = frozenset({"cursor", "page_size"})


class Words(CharField):
    """Text whose length is judged as it was sent, as its description says; only then do spaces at its ends go."""

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, str) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().run_validation(data)


class ProgramView(APIView):
    """A view for programs. Its request passed the permission table, so that it has a project."""

    @property
    def project(self) -> Project:
        return cast(Project, self.request.project)  # type: ignore[attr-defined]

    @property
    def member(self) -> Member | None:
        return cast("Member | None", self.request.member)  # type: ignore[attr-defined]

    def given(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The checked body. Ask for it after the object in the address was found: what is not there is 404 first."""
        if "chunked" in self.request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            raise Problem(411, "length-required", "Send this body with a Content-Length.")
        wanted = serializer(data=self.request.data)
        wanted.is_valid(raise_exception=True)
        refuse_other_types(wanted)
        return cast(dict[str, Any], wanted.validated_data)

    def memo(self, data: Any) -> Any:
        """What of an answer is kept under its Idempotency-Key."""
        return data

    def recall(self, memo: Any) -> Any:
        """The answer from what was kept."""
        return memo

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What is read carries an entity tag, and is not sent again to who has it."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response) and request.method in READS and answer.status_code == 200:
            answer.add_post_render_callback(partial(tagged, request))
        return answer


JSON_TYPES: dict[type[Field[Any, Any, Any, Any]], tuple[type, str]] = {
    BooleanField: (bool, "true or false"),
    CharField: (str, "text"),
    IntegerField: (int, "a whole number"),
    UUIDField: (str, "text"),
}


def refuse_other_types(wanted: BaseSerializer[Any]) -> None:
    """JSON says what it means: 1 is no text and "yes" no truth, though REST framework would take both."""
    errors: dict[str, Any] = {}
    for name, field in getattr(wanted, "fields", {}).items():
        value = wanted.initial_data.get(name)
        for kind, (exact, words) in JSON_TYPES.items():
            is_whole = exact is int and isinstance(value, float) and value.is_integer()
            if isinstance(field, kind) and value is not None and type(value) is not exact and not is_whole:
                errors[name] = [f"This must be {words}."]
    if errors:
        raise ValidationError(errors)


def tagged(request: Request, answer: HttpResponse) -> HttpResponse:
    """The answer with a strong tag of its bytes (unless its view gave one), or 304 for who has these already."""
    if "ETag" not in answer:
        answer["ETag"] = tag_of(answer.content)
    return not_modified(request, answer["ETag"]) or answer


def tag_of(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def not_modified(request: Any, tag: str) -> HttpResponse | None:
    """304 when `If-None-Match` names the tag; compared weakly, as RFC 9110 wants it for reading."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or tag in [one.removeprefix("W/") for one in known]:
        return HttpResponseNotModified(headers={"ETag": tag})
    return None


def refuse_lost_update(request: Request, tag: str, current: Any) -> None:
    """412 with the present state when `If-Match` names another one. Call it with the row locked."""
    wanted = request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*" or tag in parse_etags(wanted):
        return
    detail = "Somebody else has changed this since you read it; look at its current state."
    raise Problem(412, "changed", detail, headers={"ETag": tag}, current=current)


class ProgramRows(ProgramView, GenericAPIView[Any]):
    """Rows of the project: `rows` says which."""

    def rows(self, project: Project) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the API's description has no project
            return cast("QuerySet[Any]", cast(Any, self.serializer_class).Meta.model._default_manager.none())
        return self.rows(self.project)


class ProgramList(ProgramRows, ListAPIView[Any]):
    """A list in cursor pages, narrowed by a FilterSet where the room has one; `asks` names its other parameters.

    With a SparseSerializer it takes `fields=` and reads what they need: `rows` then joins and prefetches nothing.
    """

    filterset_class: Any = None
    asks: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def sparse_serializer(cls) -> type[sparse.SparseSerializer] | None:
        kind = cls.serializer_class
        return kind if isinstance(kind, type) and issubclass(kind, sparse.SparseSerializer) else None

    def wanted(self) -> frozenset[str] | None:
        """The names of the fields to send; None when the list knows no choice."""
        kind = self.sparse_serializer()
        return sparse.wanted(kind, self.request.query_params.get(sparse.PARAMETER)) if kind else None

    def get_queryset(self) -> QuerySet[Any]:
        return self.narrowed(super().get_queryset())

    def narrowed(self, rows: QuerySet[Any], *columns: str) -> QuerySet[Any]:
        """The rows with what the wanted fields read, the key of the pages, and these columns of the view's own."""
        kind, names = self.sparse_serializer(), self.wanted()
        if kind is None or names is None or getattr(self, "swagger_fake_view", False):
            return rows
        ordering = cast(Any, self.pagination_class).ordering
        keys = [ordering] if isinstance(ordering, str) else ordering
        return sparse.narrowed(rows, kind, names, *(key.removeprefix("-") for key in keys), *columns)

    def get_serializer_context(self) -> dict[str, Any]:
        is_fake = getattr(self, "swagger_fake_view", False)
        return {**super().get_serializer_context(), sparse.PARAMETER: None if is_fake else self.wanted()}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Refuse what is not known, empty or said twice: a slip must not silently widen the answer. NUL is no text."""
        filters = self.filterset_class.base_filters if self.filterset_class else ()
        choice = {sparse.PARAMETER} if self.sparse_serializer() else ()
        known, errors = {*PAGING, *filters, *self.asks, *choice}, {}
        for name, values in request.query_params.lists():
            if name not in known:
                errors[name[:100]] = ["There is no such parameter."]
            elif len(values) > 1 or not values[0] or "\0" in values[0]:
                errors[name] = ["Give one value, or leave the parameter out."]
        if errors:
            raise ValidationError(errors)
        return super().list(request, *args, **kwargs)


class ProgramDetail(ProgramRows, RetrieveAPIView[Any]):
    """One row, found by the address."""

    filter_backends: Any = ()
