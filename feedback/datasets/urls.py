from django.urls import path

from feedback.datasets import views

app_name = "datasets"
urlpatterns = [
    path("", views.dataset_list, name="dataset-list"),
    path("new/", views.dataset_create, name="dataset-create"),
    path("<slug:key>/", views.dataset_detail, name="dataset-detail"),
    path("<slug:key>/build/", views.version_build, name="version-build"),
    path("<slug:key>/versions/<int:number>/", views.version_detail, name="version-detail"),
    path("<slug:key>/versions/<int:number>/exports/", views.export_create, name="export-create"),
    path("<slug:key>/versions/<int:number>/exports/<int:pk>/", views.export_download, name="export-download"),
]
