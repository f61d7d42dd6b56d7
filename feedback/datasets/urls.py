from django.urls import path

from feedback.datasets import contamination_views as checks
from feedback.datasets import lineage, links, share_views, views
from feedback.datasets import version_views as versions

app_name = "datasets"
urlpatterns = [
    path("", views.dataset_list, name="dataset-list"),
    path("of-response/<int:pk>/", lineage.response_uses, name="response-uses"),
    path("of-reviewer/<slug:pseudonym>/", lineage.reviewer_uses, name="reviewer-uses"),
    path("new/", views.dataset_create, name="dataset-create"),
    path("<slug:key>/", views.dataset_detail, name="dataset-detail"),
    path("<slug:key>/change/", views.dataset_change, name="dataset-change"),
    path("<slug:key>/build/", views.version_build, name="version-build"),
    path("<slug:key>/compare/", versions.version_compare, name="version-compare"),
    path("<slug:key>/versions/<int:number>/", versions.version_detail, name="version-detail"),
    path("<slug:key>/versions/<int:number>/replace/", versions.version_replace, name="version-replace"),
    path("<slug:key>/versions/<int:number>/changes/", versions.version_changes, name="version-changes"),
    path("<slug:key>/versions/<int:number>/pairs/", versions.pair_list, name="pair-list"),
    path("<slug:key>/versions/<int:number>/pairs/<slug:pair_id>/", versions.pair_detail, name="pair-detail"),
    path("<slug:key>/versions/<int:number>/left-out/", versions.excluded_list, name="excluded-list"),
    path("<slug:key>/versions/<int:number>/contamination/", checks.contamination_list, name="contamination-list"),
    path(
        "<slug:key>/versions/<int:number>/contamination/<int:pk>/",
        checks.contamination_detail,
        name="contamination-detail",
    ),
    path("<slug:key>/versions/<int:number>/exports/", versions.export_create, name="export-create"),
    path("<slug:key>/versions/<int:number>/exports/<int:pk>/", versions.export_download, name="export-download"),
    path("<slug:key>/versions/<int:number>/exports/<int:pk>/share/", share_views.export_share, name="export-share"),
    path("<slug:key>/versions/<int:number>/exports/<int:pk>/link/", share_views.link_create, name="link-create"),
    path("<slug:key>/versions/<int:number>/exports/<int:pk>/send/", share_views.export_send, name="export-send"),
    path("links/<int:pk>/revoke/", share_views.link_revoke, name="link-revoke"),
]

# Outside of any project: whoever has the address may follow it.
file_patterns = [path("link/<str:secret>/", links.export_link, name="export_link")]
