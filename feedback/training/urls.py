from django.urls import path

from feedback.training import views

app_name = "training"
urlpatterns = [
    path("", views.job_list, name="job-list"),
    path("new/", views.job_create, name="job-create"),
    path("trainers/", views.trainer_list, name="trainer-list"),
    path("trainers/new/", views.trainer_create, name="trainer-create"),
    path("trainers/<slug:key>/", views.trainer_change, name="trainer-change"),
    path("<int:pk>/", views.job_detail, name="job-detail"),
    path("<int:pk>/cancel/", views.job_cancel, name="job-cancel"),
    path("<int:pk>/metrics.csv", views.job_metrics, name="job-metrics"),
]
