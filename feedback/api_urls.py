"""The API's addresses. Every route is named here once and stands in the permission table."""

from django.urls import path

from feedback.accounts import audit_api as audit
from feedback.critics import api as critics
from feedback.datasets import api as datasets
from feedback.datasets import lineage_api as lineage
from feedback.datasets import share_api as sharing
from feedback.judgements import answer_api as answers
from feedback.judgements import api as judgements
from feedback.outbox import api as outbox
from feedback.prompts import api as prompts
from feedback.responses import api as responses
from feedback.rubrics import api as rubrics
from feedback.training import api as training
from feedback.training import report_api as reports
from reviews.imports import api as imports
from reviews.moderation import api as moderation
from reviews.quality import api as quality
from reviews.quality import gold_api as gold
from reviews.quality import queue_api as checks
from reviews.queues import api as queues
from reviews.queues import escalation_api as escalations
from reviews.queues import item_api as items
from reviews.sampling import api as sampling

app_name = "api"
urlpatterns = [
    path("responses/", responses.ResponseList.as_view(), name="response-list"),
    path("responses/<int:pk>/", responses.ResponseDetail.as_view(), name="response-detail"),
    path("prompts/", prompts.PromptList.as_view(), name="prompt-list"),
    path("prompts/<int:pk>/", prompts.PromptDetail.as_view(), name="prompt-detail"),
    path("prompt-versions/", prompts.VersionList.as_view(), name="prompt-version-list"),
    path("prompt-versions/<int:pk>/", prompts.VersionDetail.as_view(), name="prompt-version-detail"),
    path("rubrics/", rubrics.RubricList.as_view(), name="rubric-list"),
    path("rubrics/<int:pk>/", rubrics.RubricDetail.as_view(), name="rubric-detail"),
    path("rubric-versions/<int:pk>/", rubrics.VersionDetail.as_view(), name="rubric-version-detail"),
    path("critics/", critics.CriticList.as_view(), name="critic-list"),
    path("assessments/", critics.AssessmentList.as_view(), name="assessment-list"),
    path("reviews/", judgements.ReviewList.as_view(), name="review-list"),
    path("imported-reviews/", imports.ImportedReviewList.as_view(), name="imported-review-list"),
    path("votes/", answers.VoteList.as_view(), name="vote-list"),
    path("spans/", answers.SpanList.as_view(), name="span-list"),
    path("verdicts/", judgements.VerdictList.as_view(), name="verdict-list"),
    path("analyses/", quality.AnalysisList.as_view(), name="analysis-list"),
    path("analyses/<int:pk>/", quality.AnalysisDetail.as_view(), name="analysis-detail"),
    path("disputes/", quality.DisputeList.as_view(), name="dispute-list"),
    path("reviewer-notices/", quality.ReviewerNoticeList.as_view(), name="reviewer-notice-list"),
    path("reviewer-measures/", quality.ReviewerMeasureList.as_view(), name="reviewer-measure-list"),
    path("items/", items.ItemList.as_view(), name="item-list"),
    path("queues/", queues.QueueList.as_view(), name="queue-list"),
    path("queues/<slug:key>/", queues.QueueDetail.as_view(), name="queue-detail"),
    path("queues/<slug:key>/overlap/", checks.QueueOverlap.as_view(), name="queue-overlap"),
    path("queues/<slug:key>/repeats/", checks.QueueRepeats.as_view(), name="queue-repeats"),
    path("queues/<slug:key>/gold/", checks.QueueGold.as_view(), name="queue-gold"),
    path("queue-health/", moderation.QueueHealth.as_view(), name="queue-health"),
    path("queues/<slug:key>/claim/", queues.QueueClaim.as_view(), name="queue-claim"),
    path("assignments/<uuid:token>/", queues.AssignmentDetail.as_view(), name="assignment-detail"),
    path("assignments/<uuid:token>/draft/", queues.AssignmentDraft.as_view(), name="assignment-draft"),
    path("assignments/<uuid:token>/submit/", queues.AssignmentSubmit.as_view(), name="assignment-submit"),
    path("assignments/<uuid:token>/skip/", queues.AssignmentSkip.as_view(), name="assignment-skip"),
    path("assignments/<uuid:token>/escalate/", escalations.AssignmentEscalate.as_view(), name="assignment-escalate"),
    path("escalations/", escalations.EscalationList.as_view(), name="escalation-list"),
    path("escalations/<int:pk>/", escalations.EscalationDetail.as_view(), name="escalation-detail"),
    path("assignments/<uuid:token>/undo/", queues.AssignmentUndo.as_view(), name="assignment-undo"),
    path("assignments/<uuid:token>/heartbeat/", queues.AssignmentHeartbeat.as_view(), name="assignment-heartbeat"),
    path("assignments/<uuid:token>/release/", queues.AssignmentRelease.as_view(), name="assignment-release"),
    path("sampling-rules/", sampling.RuleList.as_view(), name="rule-list"),
    path("sampling-rules/<slug:key>/", sampling.RuleDetail.as_view(), name="rule-detail"),
    path("sampling-rules/<slug:key>/run/", sampling.RuleRun.as_view(), name="rule-run"),
    path("sampling-runs/<int:pk>/", sampling.RunDetail.as_view(), name="run-detail"),
    path("gold/", gold.GoldList.as_view(), name="gold-list"),
    path("gold/<int:pk>/", gold.GoldDetail.as_view(), name="gold-detail"),
    path("datasets/", datasets.DatasetList.as_view(), name="dataset-list"),
    path("datasets/<slug:key>/build/", datasets.DatasetBuild.as_view(), name="dataset-build"),
    path("dataset-versions/", datasets.VersionList.as_view(), name="version-list"),
    path("dataset-versions/<int:pk>/", datasets.VersionDetail.as_view(), name="version-detail"),
    path("dataset-versions/<int:pk>/changes/", lineage.VersionChanges.as_view(), name="version-changes"),
    path("dataset-versions/<int:pk>/pairs/<slug:pair_id>/", lineage.PairOrigins.as_view(), name="pair-origins"),
    path("dataset-versions/uses/", lineage.UseList.as_view(), name="use-list"),
    path("dataset-versions/<int:pk>/exports/", datasets.VersionExport.as_view(), name="version-export"),
    path("exports/<int:pk>/", datasets.ExportDetail.as_view(), name="export-detail"),
    path("exports/<int:pk>/download/", datasets.ExportDownload.as_view(), name="export-download"),
    path("exports/<int:pk>/links/", sharing.ExportLink.as_view(), name="export-link"),
    path("exports/<int:pk>/shipments/", sharing.ExportShipment.as_view(), name="export-shipment"),
    path("export-links/<int:pk>/", sharing.LinkDetail.as_view(), name="link-detail"),
    path("shipments/<int:pk>/", sharing.ShipmentDetail.as_view(), name="shipment-detail"),
    path("trainers/", training.TrainerList.as_view(), name="trainer-list"),
    path("fine-tunes/", training.FineTuneList.as_view(), name="fine-tune-list"),
    path("fine-tunes/<int:pk>/", training.FineTuneDetail.as_view(), name="fine-tune-detail"),
    path("fine-tunes/<int:pk>/cancel/", training.FineTuneCancel.as_view(), name="fine-tune-cancel"),
    path("fine-tunes/<int:pk>/metrics/", training.MetricList.as_view(), name="training-metric-list"),
    path("fine-tunes/<int:pk>/log/", training.LineList.as_view(), name="training-line-list"),
    path("fine-tunes/<int:pk>/report/", reports.FineTuneReport.as_view(), name="fine-tune-report"),
    path("fine-tunes/<int:pk>/links/", reports.FineTuneLinks.as_view(), name="fine-tune-links"),
    path("training-files/<str:secret>/", reports.TrainingFile.as_view(), name="training-file"),
    path("preference-pairs/", datasets.PreferencePairList.as_view(), name="preference-pair-list"),
    path("webhooks/", outbox.WebhookList.as_view(), name="webhook-list"),
    path("webhooks/<int:pk>/", outbox.WebhookDetail.as_view(), name="webhook-detail"),
    path("webhooks/<int:pk>/rotate/", outbox.WebhookRotate.as_view(), name="webhook-rotate"),
    path("webhooks/<int:pk>/test/", outbox.WebhookTest.as_view(), name="webhook-test"),
    path("webhooks/<int:pk>/replay/", outbox.WebhookReplay.as_view(), name="webhook-replay"),
    path("webhook-events/", outbox.WebhookEventList.as_view(), name="webhook-event-list"),
    path("webhook-deliveries/", outbox.WebhookDeliveryList.as_view(), name="webhook-delivery-list"),
    path("webhook-deliveries/<int:pk>/", outbox.WebhookDeliveryDetail.as_view(), name="webhook-delivery-detail"),
    path("webhook-deliveries/<int:pk>/replay/", outbox.WebhookDeliveryReplay.as_view(), name="webhook-delivery-replay"),
    path("audit-entries/", audit.AuditEntryList.as_view(), name="audit-entry-list"),
]
