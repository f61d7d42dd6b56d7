from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.takeouts.models import TakeOut


@admin.register(TakeOut)
class TakeOutAdmin(RowAdmin):
    list_display = ("created_at", "project", "requested_by", "state", "n_rows", "n_bytes", "expires_at")
    list_filter = ("state", "project")
    search_fields = ("=sha256",)
