"""How programs come in: API keys, sessions of members, and the permission table over both."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db.models.functions import Now
from django.http import UnreadablePostError
from django.utils import timezone
from django.utils.http import parse_header_parameters
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from feedback import permissions
from feedback.accounts.models import ApiKey, Member, Project
from feedback.accounts.problems import Problem
from feedback.accounts.rates import refuse_guessing
from feedback.accounts.second_factor import has_second_factor
from feedback.text.canonical import CanonicalError, parse_json

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module through the settings


SEEN_AGAIN = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer tsk_…`. Sets request.project, request.api_key and, for a person's key, request.member."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        key = ApiKey.of_secret(words[1].decode("latin-1")) if len(words) == 2 else None
        if key is None or (key.member and not key.member.is_active):
            refuse_guessing(request)
            raise AuthenticationFailed("This API key is unknown, revoked or expired.")
        refuse_archived(key.project)
        mark_used(key)
        bind(request, key.project, key.member, key)
        return (key.member.user if key.member else AnonymousUser(), key)


def refuse_archived(project: Project) -> None:
    if project.archived_at:
        raise Problem(403, "project-archived", "The project is archived. Its admins can open it again.")


def mark_used(key: ApiKey) -> None:
    """Once a minute at most: a busy key must not write on every request."""
    if key.last_used_at is None or timezone.now() - key.last_used_at > SEEN_AGAIN:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now())


def bind(request: Request, project: Any, member: Member | None, key: ApiKey | None) -> None:
    for target in (request, request._request):
        target.project, target.member, target.api_key = project, member, key  # type: ignore[attr-defined]


class MemberSessionAuthentication(SessionAuthentication):
    """A signed-in member; the project is named by the header `Touchstone-Project` when they have several."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        result = super().authenticate(request)
        if result is None:
            return None
        slug = request.headers.get("Touchstone-Project")
        members: list[Member] = result[0].memberships
        found = [row for row in members if (row.project.slug == slug if slug else not row.project.archived_at)]
        if len(found) != 1:
            detail = "No such project." if slug else "Name the project in the header Touchstone-Project."
            raise NotFound(detail) if slug or not found else Problem(400, "project-needed", detail)
        project = found[0].project
        refuse_archived(project)
        if project.is_second_factor_required and not has_second_factor(result[0]):
            raise Problem(
                403, "second-factor-needed", "The project asks for a second factor: set one up, in a browser."
            )
        bind(request, project, found[0], None)
        return (result[0], None)


class RoutePermission(BasePermission):
    """The permission table, for keys and members alike; an unknown route is 404."""

    message = "This key or member may not do that."

    def has_permission(self, request: Request, view: APIView) -> bool:
        match = request.resolver_match
        assert match is not None
        verb = permissions.verb_of(match.view_name, request.method or "GET")
        if verb is None:
            known = match.view_name in permissions.ROUTES
            raise Problem(405, "method-not-allowed", "Not with this method.") if known else NotFound()
        if verb == permissions.PUBLIC:
            return True
        key: ApiKey | None = getattr(request, "api_key", None)
        member: Member | None = getattr(request, "member", None)
        if key is not None and not permissions.opens(key.scopes, verb):
            return False
        if member is not None:
            return member.may(verb)
        if key is not None and verb in {"review", "enter"}:
            self.message = "Reviewing needs the key of a member."
            return False
        return key is not None


class StrictJSONParser(BaseParser):
    """JSON through the one canonicaliser: UTF-8 only, no NaN, no duplicate keys, bounded depth and size."""

    media_type = "application/json"
    max_bytes = 4 * 1024 * 1024

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = (parser_context or {}).get("request")
        charset = parse_header_parameters(media_type or "")[1].get("charset", "utf-8")
        if charset.lower() not in {"utf-8", "utf8"}:
            raise Problem(415, "charset", "JSON is UTF-8; send it so, and name no other charset.")
        if request is not None and request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Problem(415, "encoding", "Send this body as it is; only streams may be packed.")
        try:
            return parse_json(read_bounded(stream, self.max_bytes), max_bytes=self.max_bytes)
        except CanonicalError as error:
            status = 413 if error.code == "too-large" else 400
            raise Problem(status, error.code, str(error), pointer=error.pointer) from error


def read_bounded(stream: Any, max_bytes: int) -> bytes:
    """One byte more than is allowed at most: enough to see that it is too much."""
    try:
        return bytes(stream.read(max_bytes + 1))
    except RequestDataTooBig as error:
        raise Problem(413, "too-large", f"More than {max_bytes} bytes.") from error
    except UnreadablePostError as error:
        raise Problem(400, "cut", "The connection ended before the body did.") from error


CURSOR = re.compile(r"[A-Za-z0-9+/]{1,200}={0,2}")
POSITION = re.compile(r"-?\d{1,18}", re.ASCII)


class KeysetPagination(CursorPagination):
    """Cursor pages, newest first unless the view says otherwise; `?page_size=` from 1 to 1,000."""

    ordering: Any = "-id"
    position: ClassVar[re.Pattern[str]] = POSITION
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_page_size(self, request: Request) -> int | None:
        given = request.query_params.get("page_size")
        if given is None:
            return self.page_size
        if not (given.isascii() and given.isdecimal() and len(given) < 5 and 1 <= int(given) <= self.max_page_size):
            raise Problem(400, "page-size", f"page_size is a number from 1 to {self.max_page_size}.")
        return int(given)

    def decode_cursor(self, request: Request) -> Any:
        """Ours name what `position` says. Anything else is nobody's cursor, and never reaches the database."""
        unknown = Problem(400, "cursor", "This cursor is not one of ours: take next and previous as they come.")
        given = request.query_params.get("cursor")
        if given is not None and not CURSOR.fullmatch(given):
            raise unknown
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise unknown from error
        if cursor is not None and cursor.position is not None and not self.position.fullmatch(str(cursor.position)):
            raise unknown
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": 100}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string", "minLength": 1},
             "description": "Where the page begins: from `next` or `previous` of another page."},
            {"name": "page_size", "in": "query", "required": False, "schema": size, "description": "Rows in a page."},
        ]  # fmt: skip
