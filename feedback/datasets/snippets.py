"""What a person copies to use a file elsewhere: fetch it, check it, read it, train on it. Routes are the real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from django.urls import reverse

from feedback.datasets import exports
from feedback.datasets.models import DatasetVersion, Export, Split

Absolute = Callable[[str], str]  # a path as a whole address
Snippet = dict[str, str]  # key, title, note, text

SHAPES: dict[str, str] = {
    Export.Shape.PREFERENCE: "One pair a line: a prompt, a chosen and a rejected answer as messages. Trains DPO and "
    "reward models as it is.",
    Export.Shape.CONVERSATION: "The same pairs, each as two whole conversations. For reward trainers, torchtune and "
    "RewardBench, which want no prompt of its own.",
    Export.Shape.REWARD: "Whole conversations with a margin, which reward trainers subtract in the loss. Only pairs of "
    "which somebody said how strongly.",
    Export.Shape.OPENAI: "One pair a line as hosted services take them, training apart from validation. Where each "
    "came from is in the provenance file.",
    Export.Shape.OPENAI_SFT: "One conversation a line as hosted services learn from by example; only its last answer "
    "counts. Training apart from validation.",
    Export.Shape.LLAMAFACTORY: "Ranked answers for LLaMA-Factory, with the entry for its dataset_info.json.",
    Export.Shape.NEMO_RL: "A context and two ranked answers for NVIDIA NeMo RL.",
    Export.Shape.VERTEX: "Contents and two scored answers, to tune Gemini on Google Vertex.",
    Export.Shape.NOVA: "Messages that close in two labelled candidates, to tune Amazon Nova.",
    Export.Shape.HELD_OUT: "The pairs that no other file holds, in the form of the first. For judging a trained model "
    "by; never train on them.",
    Export.Shape.PROVENANCE: "Votes, reviewers and origin of each pair, in the order of the files that cannot hold "
    "them. It names the files that leave a pair out.",
    Export.Shape.SFT: "One prompt and one good answer a line: what was chosen and no other pair rejects, and "
    "corrections. Trains on the answer only.",
    Export.Shape.KTO: "One judged answer a line, good or bad by its rubric. For trainers that need no pairs.",
    Export.Shape.ATTRIBUTES: "One answer a line with its mean ratings as integers, and all votes. In the manner of "
    "HelpSteer.",
    Export.Shape.SPANS: "One answer a line with the stretches that reviewers marked, and the evidence. For training "
    "detectors of hallucinations.",
    Export.Shape.VOTES: "One comparison a line with every vote as it was cast, ties included. For studying "
    "agreement, or for soft labels.",
    Export.Shape.REVISION: "One judged answer a line with reasons, flags, evidence and corrections. For whoever writes "
    "the next prompt; the test split is held back.",
    Export.Shape.PROMPTFOO: "The same cases as promptfoo tests, to run against a new prompt before it goes out.",
    Export.Shape.DSPY: "The same cases as DSPy examples, with what reviewers said as feedback for GEPA.",
    Export.Shape.OPIK: "The same cases as items of an Opik dataset, keys as your template's variables.",
    Export.Shape.LANGFUSE: "The same cases as items of a Langfuse dataset; loading a later file replaces them.",
    Export.Shape.LANGSMITH: "The same cases as LangSmith examples, with their split.",
    Export.Shape.INSPECT_AI: "The same cases as Inspect samples, where somebody wrote or accepted an answer.",
    Export.FOLDER: "Pairs, answers, ratings, marks and votes as a folder for Hugging Face, with its card and metadata. "
    "A zip file, to unpack and load.",
    Export.Shape.OPENAI_EVALS: "The same cases as rows for OpenAI's evals, with their item schema.",
}

HEADER = '--header "Authorization: Bearer $TOUCHSTONE_KEY"'


def of_file(export: Export, absolute: Absolute) -> Iterator[Snippet]:
    """For a file that is written. The key stands in TOUCHSTONE_KEY, so that it is in no history and no script."""
    name = exports.file_name(export)
    url = absolute(reverse("api:export-download", args=[export.pk]))
    yield {
        "key": "curl",
        "title": "Fetch and check",
        "note": "Put an API key that may read datasets into TOUCHSTONE_KEY first.",
        "text": f"curl --fail --output {name} {HEADER} \\\n    {url}\n"
        f'echo "{export.sha256}  {name}" | sha256sum --check',
    }
    if export.shape == Export.Shape.PROMPTFOO and not export.packing:
        yield {"key": "promptfoo", "title": "Run with promptfoo", "note": "", "text": f"promptfoo eval --tests {name}"}
        return
    if export.shape == Export.FOLDER:
        yield {
            "key": "unpack",
            "title": "Read in Python",
            "note": "With Hugging Face datasets.",
            "text": unpacked(name),
        }
        return
    for title, held in export.manifest.get("beside", {}).items():
        yield {"key": "beside", "title": title, "note": "Put it beside the file.", "text": json.dumps(held, indent=2)}
    note = "With Hugging Face datasets"
    note += " and the package zstandard." if export.packing == Export.Packing.ZSTD else "."
    yield {"key": "datasets", "title": "Read in Python", "note": note, "text": load(export, name)}
    if export.shape == Export.Shape.PREFERENCE and export.format in TRAINED_FROM:
        yield {
            "key": "trl",
            "title": "Train with TRL",
            "note": "Put your model's name in.",
            "text": train(export, name),
        }


READERS = {Export.Format.JSONL: "json", Export.Format.PARQUET: "parquet"}
TRAINED_FROM = set(READERS)  # in CSV messages are text


def read(export: Export, name: str) -> str:
    reader = READERS.get(Export.Format(export.format), "csv")
    return f'load_dataset("{reader}", data_files="{name}", split="train")'


def unpacked(name: str) -> str:
    folder = name.removesuffix(".zip")
    lines = [
        "import zipfile",
        "from datasets import load_dataset",
        "",
        f'zipfile.ZipFile("{name}").extractall("{folder}")',
    ]
    return "\n".join([*lines, f'pairs = load_dataset("{folder}", "preference")', "print(pairs)"])


def load(export: Export, name: str) -> str:
    return f"from datasets import load_dataset\n\nrows = {read(export, name)}\nprint(rows[0])"


def train(export: Export, name: str) -> str:
    """DPO on the training split, with the validation split beside it where the file holds one."""
    lines = [
        "from datasets import load_dataset",
        "from trl import DPOConfig, DPOTrainer",
        "",
        f"pairs = {read(export, name)}",
    ]
    sizes = export.version.statistics.get("by_split", {})
    trained, evaluated = "pairs", ""
    if not export.split:
        lines.append(only(Split.TRAIN))
        trained = Split.TRAIN.value
        if sizes.get(Split.VALIDATION):
            lines.append(only(Split.VALIDATION))
            evaluated = f"    eval_dataset={Split.VALIDATION.value},\n"
    lines.append("")
    arguments = (
        f'    model="your/model",\n    args=DPOConfig(output_dir="out"),\n    train_dataset={trained},\n{evaluated}'
    )
    return "\n".join([*lines, f"trainer = DPOTrainer(\n{arguments})", "trainer.train()"])


def only(split: Split) -> str:
    return f'{split.value} = pairs.filter(lambda row: row["split"] == "{split.value}")'


def of_version(version: DatasetVersion, absolute: Absolute) -> Snippet:
    """For a program that makes the file itself and waits for it."""
    ask = absolute(reverse("api:version-export", args=[version.pk]))
    look = absolute(reverse("api:export-detail", args=[0])).replace("/0/", "/$id/")
    fetch = absolute(reverse("api:export-download", args=[0])).replace("/0/", "/$id/")
    name = f"{version.dataset.key}-v{version.number}-preference.jsonl"
    text = (
        f"""id=$(curl --fail --silent {HEADER} --json '{{"shape": "preference"}}' \\\n    {ask} | jq .id)\n"""
        f"""until curl --fail --silent {HEADER} \\\n    "{look}" | jq --exit-status '.state == "done"' > /dev/null; """
        "do sleep 2; done\n"
        f"""curl --fail --output {name} {HEADER} \\\n    "{fetch}\""""
    )
    note = "For a training job: with an API key that may make files in TOUCHSTONE_KEY, and with curl and jq."
    return {"key": "whole", "title": "Make and fetch a file", "note": note, "text": text}
