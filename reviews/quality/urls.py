from django.urls import path

from reviews.quality import (
    analysis_views,
    critic_views,
    effort_views,
    inbox,
    overlap_views,
    repeat_views,
    reviewer_views,
    subgroup_views,
    views,
)

app_name = "quality"
urlpatterns = [
    path("moderation/disputes/", views.unsettled, name="unsettled"),
    path("moderation/disputes/next/", views.settle_next, name="next"),
    path("moderation/disputes/<int:pk>/", views.settle, name="settle"),
    path("moderation/disputes/<int:pk>/critics/", views.critics, name="critics"),
    path("responses/<int:pk>/critics/", critic_views.response_critics, name="response-critics"),
    path("quality/decisions/", inbox.inbox, name="inbox"),
    path("quality/decisions/read/", inbox.mark_read, name="inbox-read"),
    path("quality/queues/<slug:key>/overlap/", overlap_views.queue_overlap, name="queue-overlap"),
    path("quality/queues/<slug:key>/repeats/", repeat_views.queue_repeats, name="queue-repeats"),
    path("quality/leaderboard/", analysis_views.leaderboard, name="leaderboard"),
    path("quality/leaderboard/leaderboard.<str:form>", analysis_views.leaderboard_file, name="leaderboard-file"),
    path("quality/agreement/", analysis_views.agreement, name="agreement"),
    path("quality/agreement/agreement.<str:form>", analysis_views.agreement_file, name="agreement-file"),
    path("quality/reliability/", reviewer_views.reliability, name="reliability"),
    path("quality/reliability/reliability.<str:form>", reviewer_views.reliability_file, name="reliability-file"),
    path("quality/effort/", effort_views.effort, name="effort"),
    path("quality/effort/cost/", effort_views.effort_cost, name="effort-cost"),
    path("quality/effort/effort.<str:form>", effort_views.effort_file, name="effort-file"),
    path("quality/subgroups/", subgroup_views.subgroups, name="subgroups"),
    path("quality/subgroups/subgroups.<str:form>", subgroup_views.subgroups_file, name="subgroups-file"),
    path("quality/proposals/", critic_views.proposals, name="proposals"),
    path("quality/proposals/proposals.<str:form>", critic_views.proposals_file, name="proposals-file"),
    path("quality/attributes/", subgroup_views.attributes, name="attributes"),
    path("quality/attributes/<int:pk>/remove/", subgroup_views.attribute_remove, name="attribute-remove"),
    path("quality/about-me/", subgroup_views.about_me, name="about-me"),
    path("quality/reviewers/<str:pseudonym>/", reviewer_views.reviewer, name="reliability-reviewer"),
    *[
        path(f"quality/{kind}/compute/", analysis_views.compute, {"kind": kind}, name=f"{kind}-compute")
        for kind in analysis_views.FORMS
    ],
]
