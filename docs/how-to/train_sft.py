"""Train on chosen and corrected answers from Touchstone with TRL's SFTTrainer.

    python train_sft.py examples.jsonl --model Qwen/Qwen2.5-0.5B-Instruct
    python train_sft.py examples.jsonl --tiny --steps 1

It reads the shape `sft`, whose loss is on the completion only. trl_runs.py must lie beside it.
"""

from pathlib import Path

from trl import SFTConfig, SFTTrainer
from trl_runs import arguments, finish, rows_of, settings, tiny

if __name__ == "__main__":
    args = arguments(__doc__, "sft-out")
    examples = rows_of(args.file, args.split)
    trainer = SFTTrainer(
        model=tiny(Path(args.output) / "tiny-model") if args.tiny else args.model,
        args=SFTConfig(**settings(args)),
        train_dataset=examples,
        eval_dataset=rows_of(args.validation, "") if args.validation else None,
    )
    finish(trainer, examples, args)
