from django.urls import path

from feedback.rubrics import views

app_name = "rubrics"
urlpatterns = [
    path("", views.rubric_list, name="rubric-list"),
    path("<int:pk>/", views.rubric_detail, name="rubric-detail"),
]
