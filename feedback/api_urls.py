"""The API's addresses. Every route is named here once and stands in the permission table."""

from django.urls import path

from feedback.judgements import api as judgements
from feedback.responses import api as responses
from reviews.queues import api as queues
from reviews.sampling import api as sampling

app_name = "api"
urlpatterns = [
    path("responses/", responses.ResponseList.as_view(), name="response-list"),
    path("responses/<int:pk>/", responses.ResponseDetail.as_view(), name="response-detail"),
    path("reviews/", judgements.ReviewList.as_view(), name="review-list"),
    path("verdicts/", judgements.VerdictList.as_view(), name="verdict-list"),
    path("queues/", queues.QueueList.as_view(), name="queue-list"),
    path("queues/<slug:key>/", queues.QueueDetail.as_view(), name="queue-detail"),
    path("queues/<slug:key>/claim/", queues.QueueClaim.as_view(), name="queue-claim"),
    path("assignments/<uuid:token>/", queues.AssignmentDetail.as_view(), name="assignment-detail"),
    path("assignments/<uuid:token>/draft/", queues.AssignmentDraft.as_view(), name="assignment-draft"),
    path("assignments/<uuid:token>/submit/", queues.AssignmentSubmit.as_view(), name="assignment-submit"),
    path("assignments/<uuid:token>/skip/", queues.AssignmentSkip.as_view(), name="assignment-skip"),
    path("assignments/<uuid:token>/undo/", queues.AssignmentUndo.as_view(), name="assignment-undo"),
    path("assignments/<uuid:token>/heartbeat/", queues.AssignmentHeartbeat.as_view(), name="assignment-heartbeat"),
    path("assignments/<uuid:token>/release/", queues.AssignmentRelease.as_view(), name="assignment-release"),
    path("sampling-rules/<slug:key>/run/", sampling.RuleRun.as_view(), name="rule-run"),
    path("sampling-runs/<int:pk>/", sampling.RunDetail.as_view(), name="run-detail"),
]
