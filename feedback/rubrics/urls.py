from django.urls import path

from feedback.rubrics import edit, views

app_name = "rubrics"
urlpatterns = [
    path("", views.rubric_list, name="rubric-list"),
    path("new/", edit.rubric_create, name="rubric-create"),
    path("<int:pk>/", views.rubric_detail, name="rubric-detail"),
    path("<int:pk>/edit/", edit.rubric_edit, name="rubric-edit"),
    path("<int:pk>/compare/", views.version_compare, name="version-compare"),
    path("versions/<int:pk>/news/", views.version_news, name="version-news"),
    path("versions/<int:pk>/read/", views.version_read, name="version-read"),
    path("<int:pk>/export/", views.rubric_export, name="rubric-export"),
]
