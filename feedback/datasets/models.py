"""Datasets: a written rule, its frozen versions with their rows, and the files made from them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from django.urls import reverse

from feedback.accounts.digests import new_salt
from feedback.accounts.models import Member, ProjectRow
from feedback.audit.log import record
from feedback.datasets.contamination_models import ContaminationCheck, ContaminationHit
from feedback.datasets.near_models import PairNote, PromptSketch, SketchBucket
from feedback.datasets.sharing_models import DownloadLink, Shipment
from feedback.jobs import Job, JobRefused
from feedback.judgements.models import Verdict
from feedback.responses.models import Response

__all__ = [
    "ContaminationCheck", "ContaminationHit", "Dataset", "DatasetVersion", "DownloadLink", "Export", "GroupSplit",
    "PairNote", "PreferencePair", "PromptSketch", "Shipment", "SketchBucket", "Split", "VersionRow",
]  # fmt: skip


class Split(models.TextChoices):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def with_newest(self) -> DatasetQuerySet:
        """Each with `newest_id` and `newest_number` of its newest complete version, or None."""
        newest = DatasetVersion.objects.filter(dataset=models.OuterRef("pk"), state=Job.State.DONE).order_by("-number")
        return self.annotate(
            newest_id=models.Subquery(newest.values("pk")[:1]),
            newest_number=models.Subquery(newest.values("number")[:1]),
        )


class Dataset(ProjectRow):
    """A definition. `rule` is validated by feedback/datasets/rule.py; every version keeps the rule it was built by."""

    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="", db_default="", max_length=2000)
    rule = models.JSONField(default=dict)
    shares = models.JSONField(
        default=dict, help_text="Share per split, such as {train: 0.8, validation: 0.1, test: 0.1}."
    )
    salt = models.CharField(max_length=32, default=new_salt, editable=False, help_text="Of the split assignment.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("project", "key", name="dataset_once")]

    def __str__(self) -> str:
        return self.name

    def build(self, by: Member | None = None, *, request: Any = None, actor: str = "system") -> DatasetVersion:
        """Begin the next version under the rule as it stands; a build under way is returned instead of a second one."""
        with transaction.atomic():
            locked = Dataset.objects.select_for_update().get(pk=self.pk)
            begun = locked.versions.unfinished().first()
            if begun:
                return begun
            version = DatasetVersion.objects.create(
                project_id=locked.project_id,
                dataset=locked,
                number=1 + (locked.versions.aggregate(last=models.Max("number"))["last"] or 0),
                rule={"rule": locked.rule, "shares": locked.shares},
                parent=locked.newest(),
                requested_by=by,
            )
            record("version-requested", version, request=request, actor=by or actor, number=version.number)
            version.ring()
            return version

    def newest(self) -> DatasetVersion | None:
        """Its newest complete version."""
        return self.versions.filter(state=Job.State.DONE).order_by("-number").first()


class DatasetVersion(ProjectRow, Job):
    """One frozen set of rows. Rows, manifest and hash are complete when the job is done."""

    bell: ClassVar[str] = "bulk"
    may_retry: ClassVar[bool] = True
    named_by: ClassVar[tuple[str, ...]] = ("dataset",)

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField(help_text="The dataset's rule and shares when the version was begun.")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    counts = models.JSONField(default=dict, blank=True, help_text="Candidates, pairs, and excluded ones by reason.")
    statistics = models.JSONField(default=dict, blank=True)
    rows_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Chained over all pairs in order; see the room's README."
    )
    leaves_out = models.BooleanField(
        default=False, db_default=False, help_text="Its parent's rows without those that stand no more."
    )
    superseded_at = models.DateTimeField(null=True, blank=True, help_text="When rows of it were found not to stand.")
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    superseded_for = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="How many rows of it do not stand, by reason.",
    )

    class Meta:
        constraints = [models.UniqueConstraint("dataset", "number", name="dataset_version_once")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("datasets:version-detail", args=[self.project.slug, self.dataset.key, self.number])

    def prepare(self) -> Any:
        from feedback.datasets import build  # which is written in terms of these models

        return None if self.leaves_out else build.prepare(self)

    def step(self) -> bool:
        from feedback.datasets import build, succession

        return succession.step(self) if self.leaves_out else build.step(self)

    def failed(self) -> None:
        """No half version: its rows go, the row stays and says why."""
        self.notes.all().delete()
        self.pairs.all().delete()
        self.rows.all().delete()

    @property
    def is_redacted(self) -> bool:
        """Whether rows of it were erased: it is read, but no file is made of it any more."""
        return bool(self.superseded_for.get("erased"))

    def begin_again(self) -> None:
        """From the first verdict, for a failed build keeps no rows; only while it is the last of its dataset."""
        Dataset.objects.select_for_update().get(pk=self.dataset_id)  # who builds looks under the same lock
        if DatasetVersion.objects.filter(dataset=self.dataset_id, number__gt=self.number).exists():
            raise JobRefused("A later version has been begun. Build the dataset again instead.")
        self.cursor, self.done, self.total = {}, 0, None


class GroupSplit(ProjectRow):
    """Where a group of connected rows was first put; it never moves while the data grows."""

    dataset = models.ForeignKey(
        Dataset, models.CASCADE, related_name="group_splits", db_index=False
    )  # group_split_once
    kind = models.CharField(max_length=12, help_text="conversation, fold or prompt.")
    group = models.CharField(max_length=200)
    split = models.CharField(max_length=10, choices=Split)
    first_version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("dataset", "kind", "group", name="group_split_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.group[:12]} in {self.split}"


class PreferencePair(ProjectRow):
    """One frozen row: a prompt, what was chosen over what, and what a trainer may ask about how that came about."""

    class Source(models.TextChoices):
        COMPARISON = "comparison"
        RATING = "rating"
        CORRECTION = "correction"
        FEEDBACK = "feedback"
        RANKING = "ranking"

    version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="pairs")
    position = models.PositiveIntegerField()
    pair_id = models.CharField(max_length=40, help_text="Stable over versions: the same pair has the same id.")
    group_id = models.CharField(max_length=40)
    split = models.CharField(max_length=10, choices=Split)
    source = models.CharField(max_length=10, choices=Source)
    criterion = models.CharField(max_length=60)
    verdict = models.ForeignKey(Verdict, models.PROTECT, related_name="+")
    chosen_response = models.ForeignKey(Response, models.PROTECT, null=True, blank=True, related_name="+")
    rejected_response = models.ForeignKey(Response, models.PROTECT, related_name="+")
    prompt = models.JSONField(help_text="Messages up to the answer.")
    chosen = models.JSONField(help_text="One assistant message, as a list.")
    rejected = models.JSONField()
    tools = models.JSONField(default=list, blank=True)
    n_votes = models.PositiveIntegerField()
    votes_for = models.PositiveIntegerField()
    votes_against = models.PositiveIntegerField()
    votes_tied = models.PositiveIntegerField()
    vote_share = models.FloatField(help_text="Share of all votes for the chosen one; ties count against it.")
    strength = models.FloatField(null=True, blank=True, help_text="Mean strength, 1..3, or the rating difference.")
    provenance = models.JSONField(
        help_text="Reviewers (pseudonyms), prompt versions, models, rubric, rule, probability."
    )
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("prompt", "chosen", "rejected", "tools"), []),
        "provenance": {},
    }

    class Meta:
        constraints = [
            models.UniqueConstraint("version", "position", name="pair_position_once"),
            models.UniqueConstraint("version", "pair_id", name="pair_once_a_version"),
        ]
        indexes = [models.Index(fields=["project", "id"])]

    def __str__(self) -> str:
        return self.pair_id


class VersionRow(ProjectRow):
    """The frozen rows of a version that are not pairs: the ids of its verdicts in blocks, raw votes, cases for a prompt
    revision, what was left out, and what its parent has and it has not."""

    class Kind(models.TextChoices):
        VERDICTS = "verdicts"
        VOTES = "votes"
        CASE = "case"
        EXCLUDED = "excluded"
        GONE = "gone"

    version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="rows")
    kind = models.CharField(max_length=8, choices=Kind)
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=120, help_text="What it is about; once per version and kind.")
    reason = models.CharField(max_length=40, blank=True, help_text="Why it was left out.")
    data = models.JSONField()
    erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py."
    )

    ERASED: ClassVar[dict[str, Any]] = {"data": {}}

    class Meta:
        constraints = [
            models.UniqueConstraint("version", "kind", "position", name="version_row_position_once"),
            models.UniqueConstraint("version", "kind", "key", name="version_row_key_once"),
        ]
        indexes = [
            models.Index(
                fields=["version", "reason", "position"], condition=models.Q(kind="excluded"), name="left_out_by_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Export(ProjectRow, Job):
    """A file made from a version's frozen rows, with its manifest."""

    bell: ClassVar[str] = "bulk"
    may_retry: ClassVar[bool] = True
    named_by: ClassVar[tuple[str, ...]] = ("version__dataset",)

    class Shape(models.TextChoices):
        PREFERENCE = "preference", "preference pairs (TRL, conversational)"
        CONVERSATION = "conversation", "preference pairs as whole conversations"
        REWARD = "reward", "preference pairs with a margin (reward models)"
        OPENAI = "openai", "preference pairs (OpenAI, Azure, Together, Fireworks)"
        OPENAI_SFT = "openai_sft", "examples (OpenAI, Azure, Together, Fireworks)"
        LLAMAFACTORY = "llamafactory", "preference pairs (LLaMA-Factory)"
        NEMO_RL = "nemo_rl", "preference pairs (NVIDIA NeMo RL)"
        VERTEX = "vertex", "preference pairs (Google Vertex)"
        NOVA = "nova", "preference pairs (Amazon Nova)"
        HELD_OUT = "held_out", "preference pairs of the test split (evaluation)"
        PROVENANCE = "provenance", "where each pair came from"
        SFT = "sft", "chosen and corrected answers (SFT)"
        KTO = "kto", "good and bad answers (KTO)"
        ATTRIBUTES = "attributes", "answers with their ratings"
        SPANS = "spans", "answers with marked spans"
        VOTES = "votes", "raw votes"
        REVISION = "revision", "prompt revision cases"
        PROMPTFOO = "promptfoo", "promptfoo tests"
        DSPY = "dspy", "DSPy and GEPA records"
        OPIK = "opik", "Opik dataset items"
        LANGFUSE = "langfuse", "Langfuse dataset items"
        LANGSMITH = "langsmith", "LangSmith examples"
        INSPECT_AI = "inspect_ai", "Inspect samples"
        OPENAI_EVALS = "openai_evals", "OpenAI evals rows"

    class Format(models.TextChoices):
        JSONL = "jsonl", "JSONL"
        PARQUET = "parquet", "Parquet"
        CSV = "csv", "CSV, as it is"
        CSV_SAFE = "csv_safe", "CSV for spreadsheets"

    class Packing(models.TextChoices):
        NONE = "", "not packed"
        GZIP = "gzip", "gzip"
        ZSTD = "zstd", "Zstandard"

    FOLDER: ClassVar[str] = "folder"
    MADE_AS: ClassVar[list[tuple[str, Any]]] = [*Shape.choices, ("folder", "whole folder (Hugging Face)")]

    version = models.ForeignKey(DatasetVersion, models.CASCADE, related_name="exports")
    shape = models.CharField(max_length=12, choices=MADE_AS)
    split = models.CharField(max_length=10, choices=Split, blank=True, help_text="Only this split; empty is all.")
    format = models.CharField(max_length=10, choices=Format, default=Format.JSONL, db_default="jsonl")
    packing = models.CharField(max_length=5, choices=Packing, blank=True, default=Packing.NONE, db_default="")
    requested_by = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="+")
    file = models.CharField(max_length=200, blank=True, help_text="Name in the file storage, once complete.")
    n_rows = models.PositiveBigIntegerField(default=0)
    n_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField(default=dict, blank=True)
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="When its file was deleted, because it held what was erased."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("version", "shape", "split", "format", "packing", name="export_once_a_format")
        ]

    def __str__(self) -> str:
        return f"{self.version} as {self.shape}"

    def get_absolute_url(self) -> str:
        args = [self.project.slug, self.version.dataset.key, self.version.number]
        return reverse("datasets:version-detail", args=args) + "#files"

    def begin_again(self) -> None:
        """From the first row: what was written aside is gone."""
        self.cursor, self.done = {}, 0

    def prepare(self) -> Any:
        from feedback.datasets import exports  # which is written in terms of these models

        return exports.prepare(self)

    def step(self) -> bool:
        from feedback.datasets import exports, shipments

        if not exports.step(self):
            return False
        shipments.start_waiting(self)
        return True

    def failed(self) -> None:
        from feedback.datasets import exports, shipments

        exports.forget(self)
        shipments.stop_waiting(self)
