"""Whom to erase, and the word that begins it."""

from __future__ import annotations

from typing import Any

from django import forms

from feedback.text.canonical import CanonicalError, canonical_text


class SubjectForm(forms.Form):
    subject_key = forms.CharField(
        max_length=200,
        strip=True,
        label="Key of the end user",
        help_text="As your application sends it with each response: subject_key.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_subject_key(self) -> str:
        try:
            return canonical_text(self.cleaned_data["subject_key"], "/subject_key")
        except CanonicalError as error:
            raise forms.ValidationError(error.message) from error


class ConfirmForm(SubjectForm):
    confirm = forms.CharField(
        max_length=200,
        strip=True,
        label="Type the key again",
        help_text="Nothing brings the texts back.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "confirm" in given and given["confirm"] != given.get("subject_key"):
            self.add_error("confirm", "This is not the same key.")
        return given
