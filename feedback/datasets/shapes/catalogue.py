"""Every record shape by its name."""

from __future__ import annotations

from types import ModuleType

from feedback.datasets.models import Export
from feedback.datasets.shapes import (
    attributes,
    conversation,
    dspy,
    held_out,
    inspect_ai,
    kto,
    langfuse,
    langsmith,
    llamafactory,
    nemo_rl,
    nova,
    openai,
    openai_evals,
    openai_sft,
    opik,
    preference,
    promptfoo,
    provenance,
    revision,
    reward,
    sft,
    spans,
    vertex,
    votes,
)

SHAPES: dict[str, ModuleType] = {
    Export.Shape.PREFERENCE: preference,
    Export.Shape.CONVERSATION: conversation,
    Export.Shape.REWARD: reward,
    Export.Shape.OPENAI: openai,
    Export.Shape.OPENAI_SFT: openai_sft,
    Export.Shape.LLAMAFACTORY: llamafactory,
    Export.Shape.NEMO_RL: nemo_rl,
    Export.Shape.VERTEX: vertex,
    Export.Shape.NOVA: nova,
    Export.Shape.HELD_OUT: held_out,
    Export.Shape.PROVENANCE: provenance,
    Export.Shape.SFT: sft,
    Export.Shape.KTO: kto,
    Export.Shape.ATTRIBUTES: attributes,
    Export.Shape.SPANS: spans,
    Export.Shape.VOTES: votes,
    Export.Shape.REVISION: revision,
    Export.Shape.PROMPTFOO: promptfoo,
    Export.Shape.DSPY: dspy,
    Export.Shape.OPIK: opik,
    Export.Shape.LANGFUSE: langfuse,
    Export.Shape.LANGSMITH: langsmith,
    Export.Shape.INSPECT_AI: inspect_ai,
    Export.Shape.OPENAI_EVALS: openai_evals,
}
