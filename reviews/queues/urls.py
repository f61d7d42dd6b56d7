from django.urls import path

from reviews.queues import care_page, curate, lineage, preview, version_views, views

app_name = "queues"
urlpatterns = [
    path("responses/<int:pk>/items/", lineage.response_items, name="response-items"),
    path("work/", views.work, name="work"),
    path("work/care/", care_page.preferences, name="care"),
    path("work/skills/", views.skills, name="skills"),
    path("history/", views.my_reviews, name="history"),
    path("history/<uuid:token>/", views.turn, name="turn"),
    path("history/<uuid:token>/undo/", views.undo, name="undo"),
    path("preview/rubrics/<int:pk>/", preview.rubric_preview, name="rubric-preview"),
    path("queues/", curate.queue_list, name="queue-list"),
    path("queues/new/", curate.queue_create, name="queue-create"),
    path("queues/<slug:key>/", curate.queue_detail, name="queue-detail"),
    path("queues/<slug:key>/activity/", curate.queue_activity, name="queue-activity"),
    path("queues/<slug:key>/pace/", curate.queue_pace, name="queue-pace"),
    path("queues/<slug:key>/items/", curate.queue_items, name="queue-items"),
    path("queues/<slug:key>/state/", curate.queue_state, name="queue-state"),
    path("queues/<slug:key>/change/", curate.queue_change, name="queue-change"),
    path("queues/<slug:key>/versions/", version_views.queue_versions, name="queue-versions"),
    path("queues/<slug:key>/claim/", views.claim, name="claim"),
    path("queues/<slug:key>/review/", views.review, name="review"),
    path("queues/<slug:key>/submit/", views.submit, name="submit"),
    path("queues/<slug:key>/draft/", views.draft, name="draft"),
    path("queues/<slug:key>/heartbeat/", views.heartbeat, name="heartbeat"),
    path("queues/<slug:key>/release/", views.release, name="release"),
    path("queues/<slug:key>/pause/", views.pause, name="pause"),
    path("queues/<slug:key>/skip/", views.skip, name="skip"),
    path("queues/<slug:key>/escalate/", views.escalate, name="escalate"),
    path("queues/<slug:key>/correction-diff/", views.correction_diff, name="correction-diff"),
    path("escalations/<int:pk>/", views.escalation, name="escalation"),
]
