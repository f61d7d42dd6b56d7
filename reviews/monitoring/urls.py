from django.urls import path

from reviews.monitoring import find, jobs, views

app_name = "monitoring"
urlpatterns = [
    path("find/", find.find, name="find"),
    path("jobs/", jobs.job_list, name="job-list"),
    path("jobs/workers/", jobs.job_workers, name="job-workers"),
    path("jobs/<str:kind>/<int:pk>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<str:kind>/<int:pk>/retry/", jobs.job_retry, name="job-retry"),
    path("overview/", views.overview, name="overview"),
    path("overview/traffic/", views.overview_traffic, name="overview-traffic"),
    path("overview/queues/", views.overview_queues, name="overview-queues"),
    path("overview/waiting/", views.overview_waiting, name="overview-waiting"),
    path("overview/table.csv", views.overview_csv, name="overview-csv"),
    path("overview/prompts/<int:pk>/", views.prompt_quality, name="prompt-quality"),
]
