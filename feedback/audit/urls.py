from django.urls import path

from feedback.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.event_list, name="event-list"),
    path("trail/", views.object_trail, name="object-trail"),
    path("download/", views.event_download, name="event-download"),
]
