"""The door: every request passes the table of feedback/permissions.py here, before any view runs.

A page's address begins with its project. The middleware takes the slug from the view's arguments and puts the member on
the request, so that every view starts from `request.member` and none can forget to ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from feedback import permissions
from feedback.accounts.models import Member, Project, User
from feedback.accounts.second_factor import has_second_factor
from feedback.accounts.sessions import mark_seen
from feedback.accounts.shortcuts import settings_of
from feedback.languages import script_words
from feedback.navigation import FOLDED, NAVIGATION, landing

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class MemberRequest(HttpRequest):
    """A request behind the door: its member and project are known."""

    member: Member
    project: Project
    memberships: list[Member]  # in every project of this person, by the project's name
    request_id: str


class HeadersMiddleware:
    """The headers that no other middleware sets."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("X-Request-Id", request.request_id)  # type: ignore[attr-defined]
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        for name, value in getattr(request, "rate_headers", {}).items():  # of the API, also on its refusals
            response[name] = value
        return response


class AccessMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        assert match is not None
        mark_seen(request)
        if match.view_name.startswith("api:"):
            return None  # programs: RoutePermission asks the same table once the key is known
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL is no text; PostgreSQL refuses to look for it.")
        if match.namespaces[:1] == ["admin"]:
            return None  # Django's admin checks staff and permissions itself, in every view
        verb = permissions.verb_of(match.view_name, request.method or "GET")
        if verb is None:
            methods = permissions.methods_of(match.view_name)
            if methods:
                return HttpResponseNotAllowed(methods)
            raise Http404("This address is not in the permission table.")
        if verb == permissions.PUBLIC:
            return None
        user = request.user
        if not user.is_authenticated:
            return to_sign_in(request)
        if verb == permissions.STAFF:
            return None if user.is_staff else refuse(request)
        if verb == permissions.SIGNED_IN:
            return None
        return self.enter(cast(MemberRequest, request), user, kwargs.pop("project", ""), verb)

    def enter(self, request: MemberRequest, user: User, slug: str, verb: str) -> HttpResponse | None:
        """Find the member; what is not theirs does not exist, and what their role may not do is refused."""
        request.memberships = [row for row in user.memberships if row.project.archived_at is None]
        member = next((row for row in user.memberships if row.project.slug == slug), None)
        if member is None or (member.project.archived_at and not member.may("manage_project")):
            raise Http404("No such project.")
        member.user = user
        request.member, request.project = member, member.project
        if not member.may(verb):
            log.info("refused %s to member %s (%s)", verb, member.key, member.role)
            return refuse(request)
        return wrong_door(request)


def wrong_door(request: MemberRequest) -> HttpResponse | None:
    """Where else somebody has to go first: to set up a second factor, or to the page of an archived project."""
    project, user = request.project, request.member.user
    assert user is not None
    assert request.resolver_match is not None
    if project.is_second_factor_required and not has_second_factor(user):
        messages.warning(request, f"{project} asks for a second factor. Set one up, then enter it again.")
        return send_to(request, reverse("mfa_index"))
    if project.archived_at and request.resolver_match.view_name not in permissions.OPEN_WHEN_ARCHIVED:
        return send_to(request, reverse("accounts:project-archived", kwargs={"project": project.slug}))
    return None


def send_to(request: HttpRequest, url: str) -> HttpResponse:
    """Another page; an htmx request is sent there whole, for a followed redirect would land inside a region."""
    if getattr(request, "htmx", None):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    back = (htmx.current_url_abs_path or "/") if htmx else request.get_full_path()
    return send_to(request, f"{reverse('account_login')}?{urlencode({'next': back}, safe='/')}")


def refuse(request: HttpRequest) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame shows: who is here, in which project, and where they may go."""
    member: Member | None = getattr(request, "member", None)
    keys = {"key_settings": settings_of(getattr(request, "user", None)), "script_words": script_words()}
    if member is None:
        return keys
    here = request.resolver_match.view_name if request.resolver_match else ""
    nav = SimpleLazyObject(lambda: navigation(member, here))  # a fragment shows none of it
    return {
        **keys,
        "member": member,
        "project": member.project,
        "sees_audit": member.may("see_audit"),
        "nav": SimpleLazyObject(lambda: [entry for entry in nav if not entry["is_folded"]]),
        "nav_more": SimpleLazyObject(lambda: [entry for entry in nav if entry["is_folded"]]),
        "nav_more_current": SimpleLazyObject(lambda: any(e["current"] for e in nav if e["is_folded"])),
        "projects": SimpleLazyObject(lambda: other_projects(request, member)),
    }


def other_projects(request: HttpRequest, member: Member) -> list[dict[str, Any]]:
    """The person's projects for the menu; none when this is their only one."""
    rows = [
        {
            "name": row.project.name,
            "url": reverse(landing(row.role), kwargs={"project": row.project.slug}),
            "current": row == member,
        }
        for row in request.memberships  # type: ignore[attr-defined]
    ]
    return [] if [row["current"] for row in rows] == [True] else rows


def navigation(member: Member, here: str) -> list[dict[str, Any]]:
    """The entries that this member may open; `here` is the name of the route that is shown."""
    return [
        {
            "label": label,
            "url": reverse(route, kwargs={"project": member.project.slug}),
            "current": subject_of(here) == subject_of(route),
            "is_folded": route in FOLDED,
        }
        for label, route, verb in NAVIGATION
        if member.may(verb) and not member.project.archived_at
    ]


# Rooms whose pages belong to another room's entry.
UNDER = {"quality": "moderation", "imports": "responses", "takeouts": "accounts:project", "passes": "queues:queue"}
FIGURES = {"leaderboard", "agreement", "reliability", "effort"}  # nouns of quality that have an entry of their own
SEVERAL = {"accounts", "monitoring", "queues"}  # rooms with several entries, told apart by the noun


def subject_of(route: str) -> str:
    """Which entry of the navigation a page belongs to: its room, or its noun in a room with several entries."""
    room, _, name = route.partition(":")
    if name.startswith("price-"):
        return "prices"
    if (noun := name.partition("-")[0]) in FIGURES:
        return noun
    return f"{room}:{noun}" if room in SEVERAL else UNDER.get(room, room)
