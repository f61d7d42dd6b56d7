from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.outbox.models import Delivery, Endpoint, Event


@admin.register(Endpoint)
class EndpointAdmin(RowAdmin):
    list_display = ("url", "project", "state", "failures", "created_by", "created_at")
    list_filter = ("state", "project")
    search_fields = ("url", "description")


@admin.register(Event)
class EventAdmin(RowAdmin):
    list_display = ("created_at", "project", "type", "about")
    list_filter = ("type", "project")
    search_fields = ("=about",)


@admin.register(Delivery)
class DeliveryAdmin(RowAdmin):
    list_display = ("created_at", "project", "event", "endpoint", "state", "tried", "delivered_at")
    list_filter = ("state", "project")
    search_fields = ("=about",)
