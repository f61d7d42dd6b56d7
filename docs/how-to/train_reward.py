"""Train a reward model on pairs with margins from Touchstone with TRL's RewardTrainer.

    python train_reward.py pairs.jsonl --model Qwen/Qwen2.5-0.5B-Instruct
    python train_reward.py pairs.jsonl --tiny --steps 1

It reads the shape `reward`, whose `margin` is subtracted in the loss. trl_runs.py must lie beside it.
"""

from pathlib import Path

from trl import RewardConfig, RewardTrainer
from trl_runs import arguments, finish, rows_of, settings, tiny

if __name__ == "__main__":
    args = arguments(__doc__, "reward-out")
    pairs = rows_of(args.file, args.split)
    trainer = RewardTrainer(
        model=tiny(Path(args.output) / "tiny-model", is_classifier=True) if args.tiny else args.model,
        args=RewardConfig(**settings(args)),
        train_dataset=pairs,
        eval_dataset=rows_of(args.validation, "") if args.validation else None,
    )
    finish(trainer, pairs, args)
