"""What must always hold of fine-tunes (DESIGN §9)."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from feedback.checks import Invariant
from feedback.datasets.models import Split
from feedback.training.models import FineTuneJob


def unsealed() -> QuerySet[FineTuneJob]:
    """Those that were given other rows than their version's for training and for validation."""
    train = Q(train_export__split=Split.TRAIN, train_export__version=F("version"))
    validation = Q(validation_export__split=Split.VALIDATION, validation_export__version=F("version"))
    return FineTuneJob.objects.exclude(train & validation)


INVARIANTS = [
    Invariant("I14", "No fine-tune is given another split than the training and the validation split.", unsealed),
]
