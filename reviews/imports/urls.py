from django.urls import path

from reviews.imports import views

app_name = "imports"
urlpatterns = [
    path("labels/", views.import_labels, name="import-labels"),
    path("labels/<int:pk>/", views.upload_detail, name="upload-detail"),
    path("labels/<int:pk>/start/", views.upload_start, name="upload-start"),
    path("labels/<int:pk>/discard/", views.upload_discard, name="upload-discard"),
    path("labels/<int:pk>/refused.csv", views.upload_errors, name="upload-errors"),
]
