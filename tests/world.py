"""One row of everything, for the tests that look at all tables, all pages or all roles."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from feedback.accounts.models import ApiKey, IdempotencyKey, Invitation, Member, Project, SigninLink
from feedback.audit.log import record
from feedback.audit.tasks import seal
from feedback.critics.assess import assess
from feedback.datasets import links
from feedback.datasets.models import (
    ContaminationCheck,
    ContaminationHit,
    Dataset,
    DatasetVersion,
    DownloadLink,
    Export,
    GroupSplit,
    PairNote,
    PreferencePair,
    PromptSketch,
    Shipment,
    SketchBucket,
    VersionRow,
)
from feedback.erasures.models import Erasure
from feedback.judgements.models import Verdict
from feedback.outbox.emit import emit
from feedback.outbox.models import Delivery, Endpoint
from feedback.responses.models import (
    ChangedDay,
    IngestBatch,
    LanguageModel,
    Price,
    ResponseUpload,
    SavedFilter,
    Subject,
    UserFeedback,
)
from feedback.responses.upload import Upload
from feedback.rubrics.models import Guideline, GuidelineVersion, Reading, RubricDraft
from feedback.takeouts.models import TakeOut
from feedback.training.models import FineTuneJob, Trainer, TrainingLine, TrainingLink, TrainingMetric
from reviews.imports.models import ImportedReview, LabelUpload
from reviews.moderation import act, bulk, queue_acts
from reviews.moderation.models import Action, BulkAction, QueueAct
from reviews.monitoring import addup
from reviews.monitoring.models import WorkerBeat
from reviews.passes.answer import answer
from reviews.passes.models import QuickPass
from reviews.quality.models import (
    Adjudication,
    Analysis,
    CriticLook,
    LabelModel,
    OverlapPolicy,
    ReviewerMeasure,
    ReviewerNotice,
)
from reviews.queues import claim as claiming
from reviews.queues import submit as submitting
from reviews.queues.escalate import raise_escalation
from reviews.queues.models import (
    Admission,
    Assignment,
    Escalation,
    Front,
    Item,
    OptOut,
    Queue,
    QueueCount,
    Restriction,
)
from reviews.queues.restrict import restrict
from reviews.sampling.models import SamplingRun
from tests import make
from tests.world_of_quality import attribute as attribute
from tests.world_of_quality import course as course
from tests.world_of_quality import digest, grouped, measured
from tests.world_of_quality import gold as gold
from tests.world_of_quality import repeat as repeat

NOTHING: dict[str, Any] = {
    "rows": [],
    "all": {"reviews": 0, "verdicts": 0, "proposed": 0},
    "hourly_cost": None,
    "attribute": "",
    "least": 5,
}
MESSAGE = [{"role": "assistant", "content": "Yes."}]


def assignment(project: Project, member: Member, *, is_submitted: bool = False) -> Assignment:
    """A turn of the member at a fresh item of a fresh queue: held, or submitted a moment ago."""
    queue = make.queue(project, grace_seconds=600)
    make.items(queue)
    held = claiming.claim(queue, member)
    assert held is not None
    if not is_submitted:
        return held
    return submitting.submit(held.token, member, make.ANSWERS, submission_id=uuid4())


def version(project: Project) -> DatasetVersion:
    number = next(make.counter)
    dataset = Dataset.objects.create(project=project, key=f"set-{number}", name="Pairs", shares={"train": 1.0})
    return DatasetVersion.objects.create(project=project, dataset=dataset, number=1, rule={}, state="done")


def export(project: Project) -> Export:
    name = default_storage.save("exports/pairs.jsonl", ContentFile(b"{}\n"))
    about: dict[str, Any] = {"project": project, "version": version(project), "state": "done"}
    return Export.objects.create(**about, shape="preference", file=name, n_bytes=3, sha256="0" * 64)


def link(project: Project) -> DownloadLink:
    return links.make(export(project))


def shipment(project: Project) -> Shipment:
    return Shipment.objects.create(project=project, export=export(project), destination="there")


def trainer(project: Project, kind: str = "scheduler", url: str = "https://trainer.example/v1") -> Trainer:
    """With a key of its own; nothing answers there."""
    number = next(make.counter)
    row = Trainer(project=project, key=f"trainer-{number}", name=f"Trainer {number}", kind=kind, provider="acme")
    row.aim(url, "whsec_c2VjcmV0c2VjcmV0c2VjcmV0")
    row.save()
    return row


def fine_tune(project: Project) -> FineTuneJob:
    """One that its scheduler is at."""
    frozen = export(project)
    about: dict[str, Any] = {"project": project, "trainer": trainer(project), "version": frozen.version}
    empty = Export.objects.create(project=project, version=frozen.version, shape="preference", split="validation",
                                  state="done")  # fmt: skip
    Export.objects.filter(pk=frozen.pk).update(split="train", n_rows=1)
    about |= {"train_export": frozen, "validation_export": empty, "method": "dpo", "base_model": "small-1"}
    until = timezone.now() + timedelta(hours=1)
    return FineTuneJob.objects.create(
        **about, state="running", phase="watch", cursor={"began": 0, "paused": 0}, lease_until=until
    )


def training_link(project: Project) -> tuple[TrainingLink, str]:
    """With its address."""
    job = fine_tune(project)
    return TrainingLink.make(timedelta(days=1), project=project, job=job, split="train")


def trained(project: Project) -> None:
    link, _ = training_link(project)
    about: dict[str, Any] = {"project": project, "job": link.job}
    TrainingMetric.objects.create(**about, step=1, name="loss", value=0.69)
    TrainingLine.objects.create(**about, key="log-0", at=timezone.now(), text="Step 1")


def endpoint(project: Project) -> Endpoint:
    """One that is on, at an address that nothing answers."""
    return Endpoint.add(project, "https://hooks.example.org/touchstone", ["dataset.version.ready"], "Trainer")


def delivery(project: Project) -> Delivery:
    """Of one event, not tried yet."""
    wants = endpoint(project)
    emit(project.pk, "dataset.version.ready", f"dataset/{next(make.counter)}", {"dataset": "answers"})
    return wants.deliveries.get()


def contamination(project: Project) -> ContaminationCheck:
    """A finished one, which found something."""
    of = version(project)
    made = ContaminationCheck.objects.create(project=project, version=of, name="bench.txt", state="done", n_texts=1)
    about: dict[str, Any] = {"project": project, "check_of": made, "row": "pair", "key": "k"}
    ContaminationHit.objects.create(**about, part="prompt", kind="near", likeness=0.9, line=3)
    return made


def takeout(project: Project) -> TakeOut:
    """A finished one, whose file is there."""
    name = default_storage.save("takeouts/all.zip", ContentFile(b"PK"))
    until = timezone.now() + timedelta(days=1)
    return TakeOut.objects.create(project=project, state="done", file=name, sha256="0" * 64, expires_at=until)


def erasure(project: Project) -> Erasure:
    """A finished one, which knows no longer of whom."""
    return Erasure.objects.create(project=project, state="done", subject_digest="0" * 64, counts={"responses": 1})


def run(queue: Queue) -> SamplingRun:
    rule = make.sampling_rule(queue)
    newest = rule.versions.latest("pk")
    return SamplingRun.objects.create(project=queue.project, rule_version=newest, tick=str(uuid4()))


def upload(kind: type[Upload], project: Project, member: Member) -> Upload:
    """One row, waiting for its go-ahead."""
    content = ContentFile(b'{"external_id": "r-upload", "prompt": "How long?", "output": "30 days."}')
    return kind.keep(project, member, content, name="rows.jsonl", columns={})


def disputed(project: Project) -> Item:
    item = make.items(make.queue(project))[0]
    Item.objects.filter(pk=item.pk).update(state=Item.State.UNRESOLVED)
    Adjudication.objects.create(project=project, item=item, disputed=["grounded"])
    return item


def looked_at(project: Project, member: Member) -> CriticLook:
    """A dispute of which a moderator has asked what critics say."""
    dispute = disputed(project).adjudications.get()
    return CriticLook.objects.create(project=project, adjudication=dispute, member=member, shown=[])


def escalation(project: Project, member: Member) -> Escalation:
    """A question of this member about an item they hold."""
    return raise_escalation(assignment(project, member), "Is this ours to judge?")


def analysis(project: Project, kind: str = "leaderboard") -> Analysis:
    """One without a row, computed a moment ago."""
    row = Analysis.ask(project, kind, {})
    Analysis.objects.filter(pk=row.pk).update(state="done", result=NOTHING, finished_at=timezone.now())
    return row


def notice(project: Project) -> ReviewerNotice:
    """Of a reviewer of their own, with the measure that it came from."""
    about: dict[str, Any] = {"project": project, "reviewer": make.member(project), "label": "Better", "n": 40}
    about |= {"criterion": "better", "kind": "comparison", "measure": "position", "expected": 0.5}
    about |= {"value": 1.0, "low": 0.912, "high": 1.0}
    ReviewerMeasure.objects.create(**about, is_notable=True, measured_at=timezone.now())
    return ReviewerNotice.objects.create(**about, threshold="Four standard errors.")


def bulk_action(project: Project, member: Member) -> BulkAction:
    """Confirmed, not begun: one item to withdraw."""
    ids = [make.items(make.queue(project))[0].pk]
    return bulk.start(project, member, "withdraw", ids, digest=bulk.digest_of("withdraw", ids), reason="Broken.")


def queue_act(project: Project, member: Member) -> QueueAct:
    """A queue that was paused."""
    return queue_acts.set_state(make.queue(project), "paused", member, "The guideline is being mended.")


def restriction(project: Project, member: Member) -> Restriction:
    """Of a reviewer of their own, by somebody else, in all queues."""
    return restrict(make.member(project), None, make.member(project, "moderator"), "Let us talk first.")


def action(project: Project, member: Member) -> Action:
    """An item that was withdrawn by itself."""
    return act.withdraw(make.items(make.queue(project))[0], member, "Not ours to judge.")


def quick_pass(project: Project, member: Member) -> QuickPass:
    """Two items, answered at once by the member a moment ago."""
    queue = make.queue(project, grace_seconds=600)
    items = [item.pk for item in make.items(queue, 2)]
    return answer(queue, member, items, make.ANSWERS, submission_id=uuid4(), n_cards=10).quick_pass


def one_of_everything(project: Project) -> None:
    """At least one row in every table of ours; test_admin.py fails when a new table is missing here."""
    member = make.member(project, "admin", name="Ada Admin")
    ApiKey.issue(project, "ingest", ["ingest"], member=member, created_by=member)
    Invitation.make(timedelta(days=1), project=project, email="nia@example.org", role="curator", invited_by=member)
    SigninLink.make(timedelta(days=1), user=member.user)
    digest(member.user)
    kept: dict[str, object] = {"address": "POST /api/v1/queues/a/claim/", "fingerprint": "0" * 64, "status": 202}
    IdempotencyKey.objects.create(project=project, caller="key-1", digest="0" * 64, body="{}", **kept)
    guideline = Guideline.objects.create(project=project, name="How to read")
    GuidelineVersion.objects.create(project=project, guideline=guideline, number=1, text="Read.")
    made = material(project)
    judged(project, member, made)
    worked(project, member)
    published(project, made)
    trained(project)
    addup.add_up()
    ChangedDay.mark(project.pk, [timezone.now()])
    WorkerBeat.objects.mark("celery@here", 7, bells=["default"])
    SavedFilter.objects.create(project=project, owner=member, name="Dear ones", query="min_cost=1", is_shared=True)
    upload(ResponseUpload, project, member)
    upload(LabelUpload, project, member)
    takeout(project)
    erasure(project)
    delivery(project)
    record("world-made", project, project=project)
    seal()


def material(project: Project) -> Subject:
    batch = IngestBatch.objects.create(project=project, source="file")
    version = make.prompt_version(project)
    response = make.response(project, passages=["Claims end after 30 days."], batch=batch, prompt_version=version)
    model = LanguageModel.objects.filter(project=project).latest("pk")
    Price.objects.create(project=project, model=model, valid_from=date(2026, 1, 1), input=1, output=2)
    UserFeedback.objects.create(project=project, response=response, score=1, at=timezone.now())
    assess(project, [{"response": response.external_id, "critic": {"slug": "judge", "version": "1"}, "score": 0.5}])
    return make.subject(response)


def judged(project: Project, member: Member, subject: Subject) -> None:
    version = make.rubric_version(project)
    flag = {"start": 0, "end": 3, "quote": "You", "kind": "unsupported", "severity": "minor"}
    answers = {**make.ANSWERS, "flags": [flag], "rewrite": "Within 60 days."}
    Reading.objects.create(project=project, member=member, rubric_version=version)
    RubricDraft.objects.create(project=project, rubric=version.rubric, author=member, based_on=version)
    review = make.review(subject, version, member, answers)
    first, second = (make.response(project, text, question="How long?") for text in ("30 days.", "60 days."))
    chosen = {"better": {"outcome": "preferred", "preferred": first.pk, "strength": 1}}
    pair = make.rubric_version(project, subject_size=2)
    make.review(make.subject(first, second), pair, member, chosen, shown_order=[first.pk, second.pk])
    make.verdict(subject, version, [review])
    source = Member.objects.create(project=project, source="elsewhere", source_name="rater 1", role="reviewer")
    imported = make.review(subject, version, source, make.ANSWERS)
    ImportedReview.objects.create(
        project=project, source="elsewhere", external_id="v-1", body_hash="0" * 64, review=imported, imported_by=member
    )


def worked(project: Project, member: Member) -> None:
    turn = assignment(project, member)
    raise_escalation(turn, "Is this ours to judge?")
    Admission.objects.create(project=project, queue=turn.queue, member=member)
    OptOut.objects.create(project=project, member=member, tag="graphic")
    Front.objects.get_or_create(queue=turn.queue, lane=1, reviewer=member)
    QueueCount.objects.create(
        project=project, queue=turn.queue, by_state={"open": [1, 2, 0]}, counted_at=timezone.now()
    )
    OverlapPolicy.objects.create(project=project, queue=turn.queue)
    counts = {"n_items": 1, "n_labels": 2, "upto": 0}
    LabelModel.objects.create(project=project, queue=turn.queue, criterion="c", shares={}, accuracy={}, **counts)
    run(turn.queue)
    analysis(project)
    notice(project)
    looked_at(project, member)
    bulk_action(project, member)
    action(project, member)
    queue_act(project, member)
    restriction(project, member)
    quick_pass(project, member)
    measured(project, member)
    grouped(project, member)


def pair(project: Project, subject: Subject | None = None) -> PreferencePair:
    """One of a version of its own; a correction of a response of the subject, with the newest verdict there is."""
    if subject is None:
        subject = make.subject(make.response(project))
        make.verdict(subject, make.rubric_version(project), [])
    return PreferencePair.objects.create(
        project=project, version=export(project).version, position=0, pair_id="p", group_id="g", split="train",
        source="correction", criterion="rewrite", verdict=Verdict.objects.filter(project=project).latest("pk"),
        rejected_response=subject.shown()[0], prompt=MESSAGE, chosen=MESSAGE, rejected=MESSAGE,
        n_votes=1, votes_for=1, votes_against=0, votes_tied=0, vote_share=1.0, provenance={},
    )  # fmt: skip


def published(project: Project, subject: Subject) -> None:
    link(project)
    shipment(project)
    frozen = pair(project, subject).version
    about: dict[str, Any] = {"project": project, "version": frozen}
    VersionRow.objects.create(**about, kind="excluded", position=0, key="k", reason="tie", data={})
    GroupSplit.objects.create(
        project=project, dataset=frozen.dataset, kind="fold", group="f", split="train", first_version=frozen
    )
    sketch = PromptSketch.objects.create(project=project, fold_hash="f", shingles="")
    SketchBucket.objects.create(project=project, bucket=1, sketch=sketch)
    contamination(project)
    PairNote.objects.create(**about, position=0, prompt="f", key="k", told_models="a over b")
