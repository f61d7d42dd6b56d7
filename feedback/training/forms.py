"""What people type about trainers and fine-tunes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django import forms
from django.conf import settings
from django.utils.text import capfirst, slugify

from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion
from feedback.jobs import Job, JobRefused
from feedback.training import local
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.options import Options, OptionsError

RESERVED = {"new"}  # stands in the address where a trainer's key would
NEWEST = 100
Kind = Trainer.Kind
PRICES = ("price_per_million_tokens", "price_per_hour")
METHODS = [(value, capfirst(label)) for value, label in FineTuneJob.Method.choices]
KINDS = [(value, capfirst(label)) for value, label in Kind.choices]
COLUMNS = ("name", "provider", "wandb_project", *PRICES, "currency", "is_enabled")


class TrainerForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="How people call it.")
    kind = forms.ChoiceField(choices=KINDS, widget=forms.RadioSelect, initial=Kind.OPENAI, label="What it is")
    base_url = forms.CharField(
        max_length=300, required=False, label="Address",
        help_text="Of a service, such as https://api.example.com/v1; of a scheduler, where it takes requests.",
    )  # fmt: skip
    secret = forms.CharField(
        max_length=500, required=False, label="Key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="The service's API key, or the secret that requests to a scheduler are signed with. It is sealed and "
        "never shown again; a new address needs it again. A scheduler's may be left empty: one is made.",
    )  # fmt: skip
    provider = forms.CharField(
        max_length=60,
        required=False,
        help_text="Under which your application names its models when it sends responses.",
    )
    price_per_million_tokens = forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=4, required=False, label="Price of a million trained tokens"
    )
    price_per_hour = forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=4, required=False, label="Price of an hour"
    )
    currency = forms.RegexField(r"^[A-Z]{3}$", initial="USD", label="Currency")
    wandb_project = forms.RegexField(
        r"^[\w.-]*$", max_length=100, required=False, label="Weights & Biases project",
        help_text="For services that log there themselves. On this machine the operator decides.",
    )  # fmt: skip
    is_enabled = forms.BooleanField(required=False, initial=True, label="New fine-tunes may be started there")

    def __init__(self, project: Project, data: Any = None, *, trainer: Trainer | None = None) -> None:
        initial = {name: getattr(trainer, name) for name in (*COLUMNS, "base_url")} if trainer else None
        super().__init__(data, initial=initial, label_suffix="")
        self.project, self.trainer = project, trainer
        if trainer is not None:
            del self.fields["kind"]
            self.fields["secret"].label = "New key"
        elif not local.methods():
            choices = [choice for choice in KINDS if choice[0] != Kind.LOCAL]
            self.fields["kind"].choices = choices  # type: ignore[attr-defined]

    @property
    def kind_chosen(self) -> str:
        return self.trainer.kind if self.trainer else self.cleaned_data.get("kind", "")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.trainer is None:
            key = slugify(name)[:60]
            if not key or key in RESERVED or self.project.trainers.filter(key=key).exists():
                raise forms.ValidationError("Take another name: this one is taken, or has no letter and no digit.")
        return name

    def clean_base_url(self) -> str:
        return str(self.cleaned_data["base_url"]).strip().rstrip("/")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        if self.kind_chosen == Kind.LOCAL:
            data["base_url"] = data["secret"] = ""
            return data
        if problem := refusal_of(data["base_url"]):
            self.add_error("base_url", problem)
            return data
        if self.kind_chosen == Kind.OPENAI and not data["secret"] and not (self.trainer and self.trainer.sealed_key):
            self.add_error("secret", "The service needs a key.")
        try:
            (self.trainer or Trainer()).refuse_to_turn(data["base_url"], data["secret"])
        except JobRefused as error:
            self.add_error("secret", str(error))
        return data

    def save(self, by: Member) -> Trainer:
        trainer = self.trainer or Trainer(
            project=self.project,
            kind=self.kind_chosen,
            key=slugify(self.cleaned_data["name"])[:60],
            created_by=by,
        )
        for name in COLUMNS:
            setattr(trainer, name, self.cleaned_data[name])
        trainer.aim(self.cleaned_data["base_url"], self.cleaned_data["secret"])
        trainer.save()
        return trainer


def refusal_of(url: str) -> str:
    """Why a key would not be sent there; empty when it would."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port or {'http': 80, 'https': 443}.get(parts.scheme, 0)}"
    except ValueError:
        return "This is no address."
    if not parts.hostname or parts.scheme not in {"http", "https"} or not url.isprintable() or " " in url:
        return "Write a whole address, such as https://api.example.com/v1."
    if parts.username or parts.password or parts.query or parts.fragment:
        return "Leave out what stands before @ and after ? or #."
    if parts.scheme == "http" and host not in settings.EGRESS_ALLOW:
        return "Use https: a key is not sent in the clear. (An operator can open hosts of the own network.)"
    return ""


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, version: Any) -> str:
        return f"{version.dataset.name}, version {version.number} ({version.counts.get('pairs', 0):,} pairs)"


class TrainerField(forms.ModelChoiceField):
    def label_from_instance(self, trainer: Any) -> str:
        return f"{trainer.name} ({trainer.get_kind_display()})"


class FineTuneForm(forms.Form):
    """Numbers that are left empty are the trainer's to choose."""

    version = VersionField(DatasetVersion.objects.none(), label="Dataset version", empty_label="Choose a version")
    trainer = TrainerField(Trainer.objects.none(), to_field_name="key", label="Where", empty_label="Choose a trainer")
    method = forms.ChoiceField(choices=METHODS, label="Learn from", widget=forms.RadioSelect)
    base_model = forms.CharField(max_length=200, label="Model to begin with", help_text="As the trainer names it.")
    suffix = forms.RegexField(
        r"^[A-Za-z0-9._-]*$", max_length=40, required=False, label="Name part",
        help_text="Becomes part of the new model's name. Letters, digits, dots and hyphens.",
    )  # fmt: skip
    epochs = forms.IntegerField(min_value=1, max_value=100, required=False, help_text="How often it sees each row.")
    steps = forms.IntegerField(min_value=1, max_value=1_000_000, required=False, help_text="Instead of epochs.")
    batch_size = forms.IntegerField(min_value=1, max_value=1024, required=False)
    learning_rate = forms.FloatField(min_value=0, max_value=1, required=False, help_text="Not for services.")
    learning_rate_multiplier = forms.FloatField(min_value=0, max_value=100, required=False, help_text="For services.")
    beta = forms.FloatField(
        min_value=0, max_value=10, required=False, help_text="DPO and KTO: how close to the old model it stays."
    )
    max_length = forms.IntegerField(min_value=16, max_value=1_000_000, required=False, help_text="Tokens of a row.")
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    form = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)  # sent twice, it starts one

    def __init__(self, project: Project, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        complete = project.datasetversions.filter(state=Job.State.DONE).select_related("dataset").order_by("-pk")
        newest = complete.values_list("pk", flat=True)[:NEWEST]
        self.fields["version"].queryset = complete.filter(pk__in=list(newest))  # type: ignore[attr-defined]
        trainers = project.trainers.filter(is_enabled=True).order_by("name")
        self.fields["trainer"].queryset = trainers  # type: ignore[attr-defined]

    @property
    def numbers(self) -> list[Any]:
        return [self[name] for name in Options.__struct_fields__]

    @property
    def has_numbers(self) -> bool:
        """Whether one of them is given or wrong, so that the page opens them."""
        return any(self[name].value() not in {None, ""} or self[name].errors for name in Options.__struct_fields__)

    def wanted(self) -> dict[str, Any]:
        """For `start`."""
        data = self.cleaned_data
        options = {name: data[name] for name in Options.__struct_fields__ if data[name] is not None}
        return {name: data[name] for name in ("method", "base_model", "suffix", "form")} | {"options": options}

    def blame(self, error: OptionsError) -> None:
        self.add_error(error.name if error.name in self.fields else None, str(error))
