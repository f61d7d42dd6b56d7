"""Train on preference pairs from Touchstone with TRL's DPOTrainer.

    python train_dpo.py pairs.jsonl --model Qwen/Qwen2.5-0.5B-Instruct
    python train_dpo.py pairs.jsonl --tiny --steps 1

`--tiny` makes a very small random model and its tokenizer, and fetches nothing: it shows that a file trains.
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
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer

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


def tiny(folder: Path) -> str:
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
    )
    fast.save_pretrained(folder)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return str(folder)


def pairs_of(path: str, split: str) -> Dataset:
    """The rows of a split; all of them when it is empty."""
    pairs = load_dataset("json", data_files=path, split="train")
    return pairs.filter(lambda row: row["split"] == split) if split else pairs


def trained(args: argparse.Namespace) -> dict[str, Any]:
    pairs = pairs_of(args.file, args.split)
    model = tiny(Path(args.output) / "tiny-model") if args.tiny else args.model
    config = DPOConfig(
        output_dir=args.output,
        max_steps=args.steps,
        per_device_train_batch_size=args.batch,
        max_length=args.max_length,
        report_to="none",
        save_strategy="no" if args.tiny else "steps",
        logging_steps=1,
        use_cpu=args.tiny,
        bf16=False,
        gradient_checkpointing=False,
        seed=1,
    )
    trainer = DPOTrainer(model=model, args=config, train_dataset=pairs)
    result = trainer.train()
    return {
        "rows_read": len(pairs),
        "rows_trained_on": len(trainer.train_dataset),
        "columns": sorted(set(pairs.column_names)),
        "steps": result.global_step,
        "loss": result.training_loss,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="An export of preference pairs (JSONL).")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="A model's name or folder.")
    which.add_argument("--tiny", action="store_true", help="A tiny random model: nothing is fetched.")
    parser.add_argument("--split", default="", help="train, validation or test; all rows when left out.")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--max-length", type=int, default=1024, help="In tokens; longer rows are cut by the trainer.")
    parser.add_argument("--output", default="dpo-out")
    result = trained(parser.parse_args())
    if not math.isfinite(result["loss"]):
        raise SystemExit(f"The loss is not a number after {result['steps']} steps.")
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
