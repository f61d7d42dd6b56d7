"""Untrusted text in templates: `{{ text|markdown }}`, `{{ text|plain }}`, `{{ text|segments:marks }}`."""

from collections.abc import Iterable

from django import template
from django.template.defaultfilters import capfirst
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from feedback.text.render import Mark, render_markdown, render_plain, render_segments

register = template.Library()


@register.filter
def speaker(role: str) -> str:
    """Who speaks in a turn, by the role that the conversation gives them."""
    known = {
        "user": gettext("Person"),
        "assistant": gettext("Assistant"),
        "tool": gettext("Tool"),
        "system": gettext("System"),
        "developer": gettext("Developer"),
    }
    return known.get(role, capfirst(role))


@register.filter
def markdown(text: str | None) -> SafeString:
    """For reading: Markdown, links and images made harmless."""
    return render_markdown(text or "")


@register.filter
def plain(text: str | None) -> SafeString:
    """Every character as it is, for selecting and counting."""
    return render_plain(text or "")


@register.filter
def segments(text: str | None, marks: Iterable[Mark]) -> SafeString:
    """The plain text with its spans marked."""
    return render_segments(text or "", marks)
