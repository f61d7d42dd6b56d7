"""`{% load icons %}{% icon "flag" %}`: a drawing of static/vendor/icons.svg, for pages that show many of them."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
SVG = '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>'


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """Decoration only: what it stands for is said in words beside it."""
    return format_html(SVG, static("vendor/icons.svg"), name)
