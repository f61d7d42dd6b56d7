"""Hyper-parameters: a few typed numbers with bounds, and which of them a trainer and a method take."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from feedback.training.models import FineTuneJob, Trainer

Method, Kind = FineTuneJob.Method, Trainer.Kind


class OptionsError(Exception):
    """What is wrong, for whoever wrote it; `name` is the option."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out is the trainer's to choose."""

    epochs: Annotated[int, Meta(ge=1, le=100)] | None = None
    steps: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    batch_size: Annotated[int, Meta(ge=1, le=1024)] | None = None
    learning_rate: Annotated[float, Meta(gt=0, le=1)] | None = None
    learning_rate_multiplier: Annotated[float, Meta(gt=0, le=100)] | None = None
    beta: Annotated[float, Meta(gt=0, le=10)] | None = None
    max_length: Annotated[int, Meta(ge=16, le=1_000_000)] | None = None
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None

    def as_json(self) -> dict[str, Any]:
        return dict(msgspec.to_builtins(self))


SHARED = {"epochs", "batch_size", "seed"}
OURS = SHARED | {"steps", "learning_rate", "max_length"}
TAKEN: dict[str, set[str]] = {
    Kind.OPENAI: SHARED | {"learning_rate_multiplier"},
    Kind.LOCAL: OURS,
    Kind.SCHEDULER: OURS,
}
WITH_BETA = {Method.DPO, Method.KTO}
METHODS: dict[str, list[str]] = {
    Kind.OPENAI: [Method.DPO, Method.SFT],
    Kind.LOCAL: list(Method.values),
    Kind.SCHEDULER: list(Method.values),
}
SHAPES: dict[tuple[bool, str], str] = {  # whether a service takes it, and the method -> the shape of its file
    (True, Method.DPO): "openai",
    (True, Method.SFT): "openai_sft",
    (False, Method.DPO): "preference",
    (False, Method.SFT): "sft",
    (False, Method.KTO): "kto",
    (False, Method.REWARD): "reward",
}


def shape_of(kind: str, method: str) -> str:
    return SHAPES[kind == Kind.OPENAI, method]


def parse(given: dict[str, Any], kind: str, method: str) -> Options:
    """Strictly: what this trainer or method does not take is refused rather than passed over."""
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in Options.__struct_fields__:
            raise OptionsError(name, "There is no such option.")
        if name not in TAKEN[kind] | ({"beta"} if method in WITH_BETA else set()):
            raise OptionsError(name, "This trainer and method do not take it.")
    if "epochs" in given and "steps" in given:
        raise OptionsError("steps", "Give epochs or steps, not both.")
    for name, value in given.items():
        try:
            msgspec.convert({name: value}, Options)
        except msgspec.ValidationError as error:
            raise OptionsError(name, str(error).split(" - at")[0]) from None
    return msgspec.convert(given, Options)
