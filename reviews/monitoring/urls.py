from django.urls import path

from reviews.monitoring import find

app_name = "monitoring"
urlpatterns = [
    path("find/", find.find, name="find"),
]
