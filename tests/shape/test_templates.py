"""Templates under a strict content security policy: nothing inline, nothing marked safe."""

import re
from pathlib import Path

from tests.shape.tree import refuse, scripts, templates, text

BANNED = {
    "an inline script (put it in static/js)": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.I),
    "an inline style sheet (put it in static/css)": re.compile(r"<style[\s>]", re.I),
    "a style attribute (use a class)": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an event attribute (listen in static/js)": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "hx-on (listen in static/js)": re.compile(r"\b(?:data-)?hx-on\b"),
    "a js: or javascript: value (send form fields)": re.compile(r"[\"'](?:js|javascript):", re.I),
    "a filter in hx-trigger (it needs eval)": re.compile(r"hx-trigger\s*=\s*\"[^\"]*\["),
    "the safe filter (render with feedback.text)": re.compile(r"\|\s*safe(?:seq)?\b"),
    "autoescape off (render with feedback.text)": re.compile(r"{%\s*autoescape\s+off"),
    "a file from another host (vendor it)": re.compile(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I
    ),
}
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.S)


def offences(path: Path) -> list[str]:
    source = COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text(path))
    return [
        f"{path}:{source.count(chr(10), 0, match.start()) + 1} has {what}"
        for what, pattern in BANNED.items()
        for match in pattern.finditer(source)
    ]


def test_no_template_has_inline_code_or_unescaped_text() -> None:
    found = [offence for path in templates() for offence in offences(path)]
    refuse(found, "The content security policy allows only our own files:")


def test_no_page_script_evaluates_or_writes_markup() -> None:
    writes = re.compile(
        r"\beval\(|new Function\(|\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\.on[a-z]+\s*=\s*\""
    )
    found = [f"{path} has {match[0]!r}" for path in scripts() for match in writes.finditer(text(path))]
    refuse(found, "Build nodes with createElement and textContent, or let the server send the fragment.")


def test_a_page_lies_in_the_folder_of_its_room() -> None:
    shared = {"components", "account", "mfa", "allauth", "errors"}
    found = [
        str(path)
        for path in templates()
        if path.parts[0] == "templates"
        and len(path.parts) > 2
        and path.parts[1] not in {"feedback", "reviews", "admin", *shared}
    ]
    refuse(
        found, "Template path = templates/<house>/<room>/<view>.html, or templates/components/ for what two rooms use."
    )


def test_the_rules_find_what_they_are_for() -> None:
    bad = {
        "<script>go()</script>": "script",
        '<b style="color: red">': "style attribute",
        '<a onclick="go()">': "event attribute",
        "{{ text|safe }}": "safe filter",
        '<i hx-trigger="keyup[key==1]">': "filter",
    }
    assert all(any(pattern.search(source) for pattern in BANNED.values()) for source in bad)
    assert not any(
        pattern.search('<script type="module" src="{% static "a.js" %}"></script>') for pattern in BANNED.values()
    )


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = Path("static/vendor/icons.svg")
    known = set(re.findall(r'id="([a-z0-9-]+)"', text(sprite)))
    pattern = re.compile(r'icon="([a-z0-9-]+)"|components/icon\.html" with name="([a-z0-9-]+)"')
    found = [
        f"{path} names {first or second}"
        for path in templates()
        for first, second in pattern.findall(text(path))
        if (first or second) not in known
    ]
    refuse(found, f"Use an icon of {sprite}, or add it there.")
