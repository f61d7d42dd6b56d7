"""The forms of a page, as a browser would send them: nothing here knows what the page is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Field:
    name: str
    type: str
    values: list[str] = field(default_factory=list)  # what would be sent
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)

    def data(self) -> dict[str, list[str]]:
        """What a browser would send, with the first choice where none is made and a word where nothing is typed."""
        return {name: one.values or one.choices[:1] or [typed(one)] for name, one in self.fields.items()}


def typed(one: Field) -> str:
    return {"number": "1", "email": "nia@example.org", "hidden": ""}.get(one.type, "words")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.select: Field | None = None
        self.is_inside = False
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            self.is_inside = True
        elif self.is_inside and tag in {"input", "select", "textarea", "button"} and given.get("name"):
            self.read(tag, given)
        elif tag == "option" and self.select is not None:
            self.select.choices.append(given.get("value", ""))
            if "selected" in given:
                self.select.values.append(given.get("value", ""))

    def read(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        one = self.forms[-1].fields.setdefault(given["name"], Field(given["name"], kind))
        if kind in {"radio", "checkbox"}:
            one.choices.append(given.get("value", "on"))
            if "checked" in given:
                one.values.append(given.get("value", "on"))
        elif tag == "select":
            self.select = one
        elif tag == "textarea":
            self.area = given["name"]
        elif tag == "button":
            one.choices.append(given.get("value", ""))
        elif given.get("value"):
            one.values.append(given["value"])

    def handle_data(self, data: str) -> None:
        if self.area and data.strip():
            self.forms[-1].fields[self.area].values.append(data.lstrip("\n"))
            self.area = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = ""


def forms_of(html: str, path: str) -> list[Form]:
    """Those that are sent by POST, with the address they are sent to."""
    reader = Reader()
    reader.feed(html)
    found = [form for form in reader.forms if form.method == "post"]
    for form in found:
        form.action = form.action or path
    return found


def text_of(answer: Any) -> str:
    """The whole body, of a file too, and what the headers say."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(body.decode("utf-8", "replace") + "\n".join(f"{name}: {value}" for name, value in answer.items()))
