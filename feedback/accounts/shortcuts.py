"""Single keys of a person: switched off, or moved to other keys (WCAG 2.1.4, Character Key Shortcuts).

What is stored in `User.preferences["keys"]` is checked when it is written and again when it is read, so that nothing
but one printable character per known action ever reaches a page.
"""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from feedback.accounts.models import User

# The key that is printed on a page by default -> what it does. Digits answer questions and stay where they are.
ACTIONS = {
    "f": gettext_lazy("Flag the selected words, or choose words"),
    "n": gettext_lazy("Go to the next flag"),
    "j": gettext_lazy("From a flag to its proof, and back"),
    "s": gettext_lazy("Skip the item"),
    "p": gettext_lazy("Pause"),
    "u": gettext_lazy("Undo the last review"),
    "e": gettext_lazy("Ask a moderator"),
    "g": gettext_lazy("Open the guideline"),
    "/": gettext_lazy("Search in the item"),
    "m": gettext_lazy("Formatted, or as plain text"),
    "w": gettext_lazy("Wrap long lines"),
    "d": gettext_lazy("Show the differences"),
    "v": gettext_lazy("Show a covered text"),
    "r": gettext_lazy("Rewrite the response"),
    "?": gettext_lazy("Show the keys"),
}


class ShortcutForm(forms.Form):
    off = forms.BooleanField(
        required=False,
        label=gettext_lazy("No single keys"),
        help_text=gettext_lazy("Ctrl with Enter and the Tab key go on working."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for number, (key, label) in enumerate(ACTIONS.items()):
            widget = forms.TextInput({"maxlength": 1, "size": 2, "autocomplete": "off", "spellcheck": "false"})
            self.fields[f"key-{number}"] = forms.CharField(max_length=1, label=label, initial=key, widget=widget)

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for number, default in enumerate(ACTIONS):
            name = f"key-{number}"
            key = self.cleaned_data.get(name, "")
            if key and not is_usable(key):
                self.add_error(name, gettext("A letter or a sign that is no digit."))
            elif key in chosen.values():
                self.add_error(name, gettext("%(key)s is taken by another action.") % {"key": key})
            elif key:
                chosen[default] = key
        self.cleaned_data["map"] = {default: key for default, key in chosen.items() if default != key}
        return self.cleaned_data

    @classmethod
    def of(cls, settings: dict[str, Any], **kwargs: Any) -> ShortcutForm:
        shown = {f"key-{number}": settings["map"].get(key, key) for number, key in enumerate(ACTIONS)}
        return cls(initial={**shown, "off": settings["off"]}, **kwargs)


def is_usable(key: Any) -> bool:
    return isinstance(key, str) and len(key) == 1 and key.isprintable() and not key.isspace() and not key.isdigit()


def settings_of(user: Any) -> dict[str, Any]:
    """`{"off": bool, "map": {default: own}}` for the page's script; what cannot be used is left out."""
    stored = getattr(user, "preferences", None)
    keys = stored.get("keys") if isinstance(stored, dict) else None
    given = keys if isinstance(keys, dict) else {}
    own = given.get("map")
    pairs = own.items() if isinstance(own, dict) else ()
    return {
        "off": given.get("off") is True,
        "map": {default: key for default, key in pairs if default in ACTIONS and is_usable(key)},
    }


@require_http_methods(["GET", "HEAD", "POST"])
def shortcuts(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if request.method != "POST":
        return show(request, ShortcutForm.of(settings_of(user)))
    form = ShortcutForm({} if "reset" in request.POST else request.POST)
    if "reset" not in request.POST and not form.is_valid():
        return show(request, form, status=422)
    chosen = {} if "reset" in request.POST else {"off": form.cleaned_data["off"], "map": form.cleaned_data["map"]}
    user.preferences = {**user.preferences, "keys": chosen}
    user.save(update_fields=["preferences"])
    messages.success(request, gettext("Your keys are saved."))
    return redirect("account_keys")


def show(request: HttpRequest, form: ShortcutForm, status: int = 200) -> HttpResponse:
    return render(request, "feedback/accounts/shortcuts.html", {"form": form, "tab": "keys"}, status=status)
