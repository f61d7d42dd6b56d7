from django.urls import path

from feedback.datasets import lineage, views
from feedback.datasets import version_views as versions

app_name = "datasets"
urlpatterns = [
    path("", views.dataset_list, name="dataset-list"),
    path("of-response/<int:pk>/", lineage.response_uses, name="response-uses"),
    path("new/", views.dataset_create, name="dataset-create"),
    path("<slug:key>/", views.dataset_detail, name="dataset-detail"),
    path("<slug:key>/change/", views.dataset_change, name="dataset-change"),
    path("<slug:key>/build/", views.version_build, name="version-build"),
    path("<slug:key>/compare/", versions.version_compare, name="version-compare"),
    path("<slug:key>/versions/<int:number>/", versions.version_detail, name="version-detail"),
    path("<slug:key>/versions/<int:number>/pairs/", versions.pair_list, name="pair-list"),
    path("<slug:key>/versions/<int:number>/pairs/<slug:pair_id>/", versions.pair_detail, name="pair-detail"),
    path("<slug:key>/versions/<int:number>/left-out/", versions.excluded_list, name="excluded-list"),
    path("<slug:key>/versions/<int:number>/exports/", versions.export_create, name="export-create"),
    path("<slug:key>/versions/<int:number>/exports/<int:pk>/", versions.export_download, name="export-download"),
]
