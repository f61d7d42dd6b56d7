"""Train on good and bad answers from Touchstone with TRL's KTOTrainer.

    python train_kto.py answers.jsonl --model Qwen/Qwen2.5-0.5B-Instruct
    python train_kto.py answers.jsonl --tiny --steps 1

It reads the shape `kto`. trl_runs.py must lie beside it. Labels are weighted so that good and bad count the same.
"""

from pathlib import Path

from trl import KTOConfig, KTOTrainer
from trl_runs import arguments, finish, rows_of, settings, tiny

if __name__ == "__main__":
    args = arguments(__doc__, "kto-out", has_beta=True)
    answers = rows_of(args.file, args.split)
    n_good = sum(answers["label"])
    n_bad = len(answers) - n_good
    weights = {"desirable_weight": n_bad / n_good} if 0 < n_bad < n_good else {}
    weights |= {"undesirable_weight": n_good / n_bad} if 0 < n_good < n_bad else {}
    trainer = KTOTrainer(
        model=tiny(Path(args.output) / "tiny-model") if args.tiny else args.model,
        args=KTOConfig(**settings(args), **weights),
        train_dataset=answers,
        eval_dataset=rows_of(args.validation, "") if args.validation else None,
    )
    finish(trainer, answers, args)
