from django.urls import path

from feedback.takeouts import views

app_name = "takeouts"
urlpatterns = [
    path("", views.takeout_list, name="takeout-list"),
    path("new/", views.takeout_create, name="takeout-create"),
    path("<int:pk>/cancel/", views.takeout_cancel, name="takeout-cancel"),
    path("<int:pk>/download/", views.takeout_download, name="takeout-download"),
]
