"""Train on preference pairs from Touchstone with TRL's DPOTrainer.

    python train_dpo.py pairs.jsonl --model Qwen/Qwen2.5-0.5B-Instruct
    python train_dpo.py pairs.jsonl --tiny --steps 1

It reads the shape `preference`. trl_runs.py must lie beside it.
"""

from pathlib import Path

from trl import DPOConfig, DPOTrainer
from trl_runs import arguments, finish, rows_of, settings, tiny

if __name__ == "__main__":
    args = arguments(__doc__, "dpo-out", has_beta=True)
    pairs = rows_of(args.file, args.split)
    trainer = DPOTrainer(
        model=tiny(Path(args.output) / "tiny-model") if args.tiny else args.model,
        args=DPOConfig(**settings(args)),
        train_dataset=pairs,
        eval_dataset=rows_of(args.validation, "") if args.validation else None,
    )
    finish(trainer, pairs, args)
