"""The API's addresses. Every route is named here once and stands in the permission table."""

from django.urls import path

from feedback.datasets import api as datasets
from feedback.judgements import api as judgements
from feedback.prompts import api as prompts
from feedback.responses import api as responses
from feedback.rubrics import api as rubrics
from reviews.imports import api as imports
from reviews.queues import api as queues
from reviews.queues import escalation_api as escalations
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
    path("reviews/", judgements.ReviewList.as_view(), name="review-list"),
    path("imported-reviews/", imports.ImportedReviewList.as_view(), name="imported-review-list"),
    path("verdicts/", judgements.VerdictList.as_view(), name="verdict-list"),
    path("queues/", queues.QueueList.as_view(), name="queue-list"),
    path("queues/<slug:key>/", queues.QueueDetail.as_view(), name="queue-detail"),
    path("queues/<slug:key>/claim/", queues.QueueClaim.as_view(), name="queue-claim"),
    path("assignments/<uuid:token>/", queues.AssignmentDetail.as_view(), name="assignment-detail"),
    path("assignments/<uuid:token>/draft/", queues.AssignmentDraft.as_view(), name="assignment-draft"),
    path("assignments/<uuid:token>/submit/", queues.AssignmentSubmit.as_view(), name="assignment-submit"),
    path("assignments/<uuid:token>/skip/", queues.AssignmentSkip.as_view(), name="assignment-skip"),
    path("assignments/<uuid:token>/escalate/", escalations.AssignmentEscalate.as_view(), name="assignment-escalate"),
    path("assignments/<uuid:token>/undo/", queues.AssignmentUndo.as_view(), name="assignment-undo"),
    path("assignments/<uuid:token>/heartbeat/", queues.AssignmentHeartbeat.as_view(), name="assignment-heartbeat"),
    path("assignments/<uuid:token>/release/", queues.AssignmentRelease.as_view(), name="assignment-release"),
    path("sampling-rules/", sampling.RuleList.as_view(), name="rule-list"),
    path("sampling-rules/<slug:key>/", sampling.RuleDetail.as_view(), name="rule-detail"),
    path("sampling-rules/<slug:key>/run/", sampling.RuleRun.as_view(), name="rule-run"),
    path("sampling-runs/<int:pk>/", sampling.RunDetail.as_view(), name="run-detail"),
    path("datasets/", datasets.DatasetList.as_view(), name="dataset-list"),
    path("datasets/<slug:key>/build/", datasets.DatasetBuild.as_view(), name="dataset-build"),
    path("dataset-versions/<int:pk>/", datasets.VersionDetail.as_view(), name="version-detail"),
    path("dataset-versions/<int:pk>/exports/", datasets.VersionExport.as_view(), name="version-export"),
    path("exports/<int:pk>/", datasets.ExportDetail.as_view(), name="export-detail"),
    path("exports/<int:pk>/download/", datasets.ExportDownload.as_view(), name="export-download"),
    path("preference-pairs/", datasets.PreferencePairList.as_view(), name="preference-pair-list"),
]
