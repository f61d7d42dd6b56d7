from django.urls import path

from feedback.responses import import_views, price_views, saved_views, views

app_name = "responses"
urlpatterns = [
    path("", views.response_list, name="response-list"),
    path("export/", views.response_export, name="response-export"),
    path("filters/", saved_views.filter_list, name="filter-list"),
    path("filters/save/", saved_views.filter_save, name="filter-save"),
    path("filters/<int:pk>/change/", saved_views.filter_change, name="filter-change"),
    path("filters/<int:pk>/delete/", saved_views.filter_delete, name="filter-delete"),
    path("import/", import_views.upload_create, name="import"),
    path("import/<int:pk>/", import_views.upload_detail, name="upload-detail"),
    path("import/<int:pk>/check/", import_views.upload_check, name="upload-check"),
    path("import/<int:pk>/start/", import_views.upload_start, name="upload-start"),
    path("import/<int:pk>/discard/", import_views.upload_discard, name="upload-discard"),
    path("import/<int:pk>/refused.csv", import_views.upload_errors, name="upload-errors"),
    path("<int:pk>/", views.response_detail, name="response-detail"),
    path("prices/", price_views.price_list, name="price-list"),
    path("prices/use/", price_views.price_use, name="price-use"),
    path("prices/new/", price_views.price_create, name="price-create"),
]
