"""One token wherever a person's text can be; after the erasure it is nowhere."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from feedback.datasets.models import Export
from feedback.management.commands.verify import check, invariants
from feedback.training.models import FineTuneJob
from reviews.quality.models import GoldItem
from tests.feedback.erasures.world import KEY, TOKEN, Person, in_files, in_tables

PLACES = {
    "responses_response": "external_id conversation_id trace_id span_id subject_key segment tags",
    "responses_responsebody": "messages tools tool_calls variables input_key output parameters metadata",
    "responses_passage": "external_id title text url",
    "responses_userfeedback": "comment",
    "responses_savedfilter": "name query",
    "responses_responseupload": "name preview refused error",
    "critics_assessment": "spans reason",
    "judgements_review": "note",
    "judgements_rating": "text",
    "judgements_span": "quote prefix suffix note evidence_quote",
    "judgements_correction": "text",
    "judgements_verdict": "reason answers",
    "queues_assignment": "draft skip_note",
    "queues_escalationmessage": "text",
    "quality_goldrevision": "answers explanation",
    "moderation_action": "reason",
    "moderation_bulkaction": "reason",
    "imports_importedreview": "external_id",
    "imports_labelupload": "name preview refused error",
    "accounts_idempotencykey": "body",
    "datasets_preferencepair": "prompt chosen rejected tools provenance",
    "datasets_versionrow": "data",
    "datasets_groupsplit": "group",
    "training_trainingline": "text",
}

# Columns of every other text: why nothing that an end user said can stand in them.
NEVER = {
    "ids, hashes, secrets and states, which we write": """
        accounts_project.salt accounts_apikey.prefix accounts_apikey.digest accounts_signinlink.digest
        accounts_invitation.digest accounts_idempotencykey.caller accounts_idempotencykey.digest
        accounts_idempotencykey.address accounts_idempotencykey.fingerprint accounts_idempotencykey.headers
        audit_auditevent.actor audit_auditevent.api_key audit_auditevent.request_id audit_auditevent.verb
        audit_auditevent.object_type audit_auditevent.object_id audit_auditseal.hash takeouts_takeout.sha256
        outbox_endpoint.sealed_secret outbox_endpoint.sealed_old_secret outbox_event.about outbox_event.wanted_by
        outbox_delivery.about responses_response.body_hash responses_response.prompt_hash
        responses_response.input_hash responses_response.fold_hash responses_response.output_hash
        responses_response.verdict responses_passage.text_hash responses_subject.key responses_subject.input_hash
        critics_assessment.body_hash quality_criticlook.shown
        erasures_erasure.subject_digest judgements_review.digest judgements_review.shown_order
        judgements_review.visible judgements_span.text_hash judgements_verdict.review_ids
        judgements_comparison.ranking datasets_contaminationcheck.benchmark datasets_contaminationhit.key
        datasets_contaminationhit.part datasets_contaminationhit.kind datasets_promptsketch.fold_hash
        datasets_promptsketch.shingles datasets_promptsketch.anchors datasets_pairnote.prompt datasets_pairnote.key
        datasets_pairnote.reviewers datasets_downloadlink.digest datasets_downloadlink.nonce
        datasets_downloadlink.holder datasets_dataset.salt datasets_datasetversion.rows_sha256
        datasets_datasetversion.superseded_for datasets_groupsplit.kind datasets_preferencepair.pair_id
        datasets_preferencepair.group_id datasets_versionrow.key datasets_versionrow.reason datasets_export.sha256
        training_trainer.sealed_key training_traininglink.digest training_trainingline.key
        training_trainingline.level queues_assignment.shown_order queues_assignment.visible
        queues_assignment.skip_reason sampling_samplingruleversion.seed sampling_samplingrun.tick
        imports_importedreview.body_hash quality_goldsetting.seed quality_repeatsetting.seed quality_goldcheck.right
        quality_adjudication.disputed quality_analysis.digest quality_analysis.data_state
        moderation_bulkaction.item_ids moderation_bulkaction.digest moderation_bulkaction.refused
        moderation_queueact.before moderation_queueact.after
        monitoring_workerbeat.name monitoring_workerbeat.bells""",
    "where a job is, and why it ended, in our words or those of a machine": """
        takeouts_takeout.cursor takeouts_takeout.error outbox_delivery.cursor outbox_delivery.error
        outbox_delivery.attempts responses_responseupload.cursor erasures_erasure.cursor erasures_erasure.error
        datasets_contaminationcheck.cursor datasets_contaminationcheck.error datasets_shipment.cursor
        datasets_shipment.error datasets_datasetversion.cursor datasets_datasetversion.error datasets_export.cursor
        datasets_export.error training_finetunejob.cursor training_finetunejob.error training_finetunejob.status
        training_finetunejob.remote_id training_finetunejob.remote_files training_finetunejob.process
        training_finetunejob.checkpoints sampling_samplingrun.cursor sampling_samplingrun.error
        imports_labelupload.cursor quality_analysis.cursor quality_analysis.error moderation_bulkaction.cursor
        moderation_bulkaction.error""",
    "counts and figures": """
        takeouts_takeout.manifest responses_responseupload.counts imports_labelupload.counts
        erasures_erasure.counts datasets_datasetversion.counts datasets_datasetversion.statistics
        datasets_export.manifest queues_queuecount.by_state quality_labelmodel.shares quality_labelmodel.accuracy
        quality_analysis.result quality_reviewermeasure.confusion monitoring_responseday.latencies""",
    "what is said of a reviewer's figures or of a queue, and of no item": """
        quality_reviewernotice.threshold quality_reviewernotice.reason queues_restriction.reason
        queues_restriction.lift_reason moderation_queueact.reason""",
    "files, by names that we make": """
        takeouts_takeout.file responses_responseupload.file datasets_export.file imports_labelupload.file""",
    "the people who work here, and what they are called": """
        accounts_user.password accounts_user.email accounts_user.name accounts_user.preferences
        accounts_member.source accounts_member.source_name accounts_member.pseudonym accounts_invitation.email
        quality_reviewerattribute.label quality_reviewerattribute.choices quality_statedattribute.value
        queues_memberskill.tag queues_escalation.skill queues_optout.tag""",
    "what the work is called and set up as, by those who run it": """
        accounts_project.name accounts_project.sensitive_tags
        accounts_apikey.name accounts_apikey.scopes audit_auditevent.before
        audit_auditevent.after audit_auditevent.facts outbox_endpoint.url outbox_endpoint.description
        outbox_endpoint.types outbox_endpoint.reason outbox_event.type outbox_event.data prompts_prompt.name
        prompts_promptversion.label prompts_promptversion.template prompts_promptversion.system
        critics_critic.name critics_criticversion.label critics_criticversion.model critics_criticversion.criteria
        critics_assessment.label
        prompts_promptversion.parameters responses_languagemodel.provider responses_languagemodel.name
        responses_price.currency quality_hourlycost.currency responses_ingestbatch.source responses_ingestbatch.name
        responses_response.environment responses_response.licence responses_passage.store
        responses_userfeedback.kind responses_responseupload.form responses_responseupload.columns
        rubrics_guideline.name rubrics_guidelineversion.text rubrics_rubric.name rubrics_criterion.label
        rubrics_criterion.help_text rubrics_criterion.options rubrics_criterion.fails_when
        rubrics_criterion.asked_when rubrics_rubricdraft.definitions rubrics_rubricdraft.guideline
        judgements_review.origin judgements_rating.value judgements_rating.chosen judgements_rating.part
        judgements_span.kind judgements_span.severity judgements_verdict.origin judgements_verdict.queue_label
        judgements_verdict.rule_label datasets_contaminationcheck.name datasets_pairnote.told_models
        datasets_shipment.destination datasets_shipment.place datasets_dataset.name datasets_dataset.description
        datasets_dataset.shares datasets_preferencepair.criterion training_trainer.name training_trainer.base_url
        training_trainer.provider training_trainer.wandb_project training_trainer.currency
        training_finetunejob.base_model training_finetunejob.suffix training_finetunejob.options
        training_finetunejob.result_name training_trainingmetric.name queues_queue.name queues_queue.skill
        queues_item.rule_label queues_item.stratum sampling_samplingrule.name imports_importedreview.source
        imports_labelupload.form imports_labelupload.columns quality_goldrevision.tolerance quality_labelmodel.criterion
        quality_reviewermeasure.criterion quality_reviewermeasure.kind quality_reviewermeasure.label
        quality_reviewernotice.criterion quality_reviewernotice.kind quality_reviewernotice.label
        quality_analysis.filters monitoring_responseday.origin monitoring_responseday.environment
        monitoring_verdictfact.queue_key monitoring_verdictfact.origin monitoring_verdictfact.environment""",
    "rules by which something was drawn or built; they stay as they were, and docs/explanation/erasure.md says so": """
        sampling_samplingruleversion.filter datasets_dataset.rule datasets_datasetversion.rule""",
    "emptied by the erasure itself": "erasures_erasure.subject_key",
}


def listed() -> set[str]:
    return {f"{table}.{column}" for table, columns in PLACES.items() for column in columns.split()}


def texts() -> set[str]:
    """Every column of ours that takes free text."""
    free = (models.CharField, models.TextField, models.JSONField, models.FileField)
    return {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        if model.__module__.startswith(("feedback.", "reviews."))
        for field in model._meta.concrete_fields
        if isinstance(field, free) and not isinstance(field, models.SlugField) and not field.choices
    }


def test_no_column_of_text_is_forgotten() -> None:
    """A new one belongs to PLACES, with a value in the person's world, or to NEVER, with its reason."""
    never = [name for names in NEVER.values() for name in names.split()]
    assert len(never) == len(set(never))
    assert set(never) & listed() == set()
    assert texts() - listed() - set(never) == set(), "nobody has said whether a person's words can stand there"
    assert (listed() | set(never)) - texts() == set(), "there is no such column"


def erase() -> dict[str, int]:
    out = io.StringIO()
    call_command("erase", subject=KEY, project="travel", confirm=True, json=True, stdout=out)
    counts: dict[str, int] = json.loads(out.getvalue())["counts"]
    return counts


def test_it_was_everywhere_and_is_nowhere(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    assert listed() - set(in_tables()) == set()
    assert len(in_files()) >= 12
    with caplog.at_level(logging.DEBUG):
        erase()
    assert in_tables() == []
    assert in_files() == []
    assert TOKEN not in caplog.text


def test_all_promises_still_hold(person: Person) -> None:
    erase()
    found = [check(room, invariant, None) for room, invariant in invariants()]
    assert [finding for finding in found if finding.violations] == []


def test_a_trial_changes_nothing_and_counts(person: Person) -> None:
    before, out = in_tables(), io.StringIO()
    call_command("erase", subject=KEY, project="travel", json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert told["erased"] is False
    assert told["counts"]["responses"] == 5
    assert in_tables() == before


def test_what_it_counts_is_what_goes(person: Person) -> None:
    out = io.StringIO()
    call_command("erase", subject=KEY, project="travel", json=True, stdout=out)
    told, gone = json.loads(out.getvalue())["counts"], erase()
    assert {**told, "new dataset versions": 1} == gone


def test_a_fine_tune_that_learns_from_it_is_stopped(person: Person) -> None:
    erase()
    assert FineTuneJob.objects.get(pk=person.tune.pk).is_cancelling
    assert not person.tune.lines.exists()


def test_gold_on_it_is_given_to_nobody(person: Person) -> None:
    erase()
    gold = GoldItem.objects.get()
    assert (gold.state, gold.revision.answers, gold.revision.explanation) == ("retired", {}, "")


def test_a_half_written_file_is_stopped(person: Person) -> None:
    erase()
    half = Export.objects.get(pk=person.half.pk)
    assert (half.state, half.file) == ("cancelled", "")
