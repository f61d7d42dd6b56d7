from django.urls import path

from reviews.moderation import (
    bulk_views,
    escalation_views,
    item_views,
    notice_views,
    queue_views,
    reviewer_views,
    skill_views,
    views,
)

app_name = "moderation"
urlpatterns = [
    path("", views.panel, name="panel"),
    path("search/", views.search, name="search"),
    path("actions/<int:pk>/undo/", views.action_undo, name="action-undo"),
    path("items/", item_views.item_list, name="item-list"),
    path("items/<int:pk>/", item_views.item_detail, name="item-detail"),
    path("items/<int:pk>/<slug:act_name>/", item_views.item_act, name="item-act"),
    path("reviews/<int:pk>/<slug:act_name>/", item_views.review_act, name="review-act"),
    path("queues/", queue_views.queue_list, name="queue-list"),
    path("queues/<slug:key>/<slug:act_name>/", queue_views.queue_act, name="queue-act"),
    path("queue-acts/<int:pk>/undo/", queue_views.queue_act_undo, name="queue-act-undo"),
    path("reviewers/<str:pseudonym>/reviews/", reviewer_views.reviewer_reviews, name="reviewer-reviews"),
    path("reviewers/<str:pseudonym>/restrict/", reviewer_views.restrict_member, name="restrict"),
    path("restrictions/<int:pk>/lift/", reviewer_views.restriction_lift, name="restriction-lift"),
    path("notices/<int:pk>/", notice_views.notice_detail, name="notice-detail"),
    path("people/<int:pk>/skills/", skill_views.member_skills, name="member-skills"),
    path("bulk/confirm/", bulk_views.bulk_confirm, name="bulk-confirm"),
    path("bulk/start/", bulk_views.bulk_start, name="bulk-start"),
    path("bulk/<int:pk>/", bulk_views.bulk_detail, name="bulk-detail"),
    path("escalations/", escalation_views.escalation_list, name="escalation-list"),
    path("escalations/<int:pk>/", escalation_views.escalation_detail, name="escalation-detail"),
    path("escalations/<int:pk>/close/", escalation_views.escalation_close, name="escalation-close"),
]
