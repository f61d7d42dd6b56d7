"""`{% load scales %}`: the words that a scale criterion gives to its points."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.filter
def anchor(options: Any, point: Any) -> str:
    """What a point of the scale means, such as "No use" for 1; empty when the rubric says nothing."""
    anchors = options.get("anchors") if isinstance(options, dict) else None
    return str(anchors.get(str(point), "")) if isinstance(anchors, dict) else ""
