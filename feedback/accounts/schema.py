"""How the API's description names the two ways in."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


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
        description = "A signed-in member; who is in several projects names one in the header Touchstone-Project."
        return {"type": "apiKey", "in": "cookie", "name": "session", "description": description}
