"""What train_dpo.py, train_kto.py, train_sft.py and train_reward.py share: arguments, rows, a tiny model, metrics.

`--tiny` makes a very small random model and its tokenizer, and fetches nothing: it shows that a file trains.
`--metrics FILE` appends a line of JSON a step; Touchstone reads it while the script runs.
The last line printed is JSON: rows read, rows trained on, steps and loss.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel, PreTrainedTokenizerFast
from transformers.trainer_callback import TrainerCallback

CHAT_TEMPLATE = """
{%- if tools %}<|im_start|>tools
{{ tools | tojson }}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or "" }}
{%- for call in message.tool_calls or [] %}
{{ call.function.name }} {{ call.function.arguments | tojson }}
{%- endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


class MetricLines(TrainerCallback):
    """Every number that the trainer logs, with its step and how many there will be."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if state.is_world_process_zero and logs:
            told = {"step": state.global_step, "total_steps": state.max_steps, **numbers(logs)}
            with self.path.open("a") as file:
                file.write(json.dumps(told) + "\n")


def numbers(logs: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in logs.items() if isinstance(value, int | float) and math.isfinite(value)}


def tiny(folder: Path, *, is_classifier: bool = False) -> str:
    """A random model of two layers over bytes, saved where trainers read models from."""
    specials = ["<pad>", "<|im_start|>", "<|im_end|>"]
    letters = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
    )
    fast.chat_template = CHAT_TEMPLATE
    config = GPT2Config(
        vocab_size=len(fast),
        n_positions=2048,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=fast.eos_token_id,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
        **({"num_labels": 1} if is_classifier else {}),
    )
    fast.save_pretrained(folder)
    (GPT2ForSequenceClassification if is_classifier else GPT2LMHeadModel)(config).save_pretrained(folder)
    return str(folder)


def rows_of(path: str, split: str) -> Dataset:
    """The rows of a split; all of them when it is empty."""
    rows = load_dataset("json", data_files=path, split="train")
    return rows.filter(lambda row: row["split"] == split) if split else rows


def settings(args: argparse.Namespace) -> dict[str, Any]:
    """For the trainer's configuration; what was not given is left to the trainer."""
    found: dict[str, Any] = {
        "output_dir": args.output,
        "max_length": args.max_length,
        "report_to": args.report_to.split(",") if args.report_to else "none",
        "run_name": args.run_name,
        "save_strategy": "no" if args.tiny else "steps",
        "logging_steps": 1,
        "use_cpu": args.tiny,
        "bf16": False,
        "gradient_checkpointing": False,
        "seed": args.seed,
        "per_device_train_batch_size": args.batch,
        "eval_strategy": "steps" if args.validation else "no",
    }
    if args.validation:
        found["eval_steps"] = max(1, args.steps // 10) if args.steps else 50
    found |= {"num_train_epochs": args.epochs} if args.epochs else {"max_steps": args.steps or 100}
    found |= {"learning_rate": args.learning_rate} if args.learning_rate else {}
    return found | ({"beta": args.beta} if getattr(args, "beta", None) else {})


def finish(trainer: Any, rows: Dataset, args: argparse.Namespace) -> None:
    """Train, save, and print what came of it."""
    if args.metrics:
        trainer.add_callback(MetricLines(args.metrics))
    result = trainer.train()
    trainer.save_model(str(Path(args.output) / "model"))
    told = {
        "rows_read": len(rows),
        "rows_trained_on": len(trainer.train_dataset),
        "columns": sorted(set(rows.column_names)),
        "steps": result.global_step,
        "loss": result.training_loss,
    }
    if not math.isfinite(told["loss"]):
        raise SystemExit(f"The loss is not a number after {told['steps']} steps.")
    sys.stdout.write(json.dumps(told) + "\n")


def arguments(description: str | None, output: str, *, has_beta: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="An export of the shape that this script reads (JSONL).")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="A model's name or folder.")
    which.add_argument("--tiny", action="store_true", help="A tiny random model: nothing is fetched.")
    parser.add_argument("--split", default="", help="train, validation or test; all rows when left out.")
    parser.add_argument("--validation", default="", help="A file of the same shape to watch the loss on.")
    parser.add_argument("--steps", type=int, default=0, help="100 when neither steps nor epochs are given.")
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=0)
    if has_beta:
        parser.add_argument("--beta", type=float, default=0)
    parser.add_argument("--max-length", type=int, default=1024, help="In tokens; longer rows are cut or dropped.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default=output)
    parser.add_argument("--metrics", default="", help="A file for a line of JSON a step.")
    parser.add_argument("--report-to", default="", help="wandb, mlflow, or both with a comma.")
    parser.add_argument("--run-name", default=None)
    return parser.parse_args()
