from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from feedback.erasures.models import Erasure


@admin.register(Erasure)
class ErasureAdmin(RowAdmin):
    list_display = ("created_at", "project", "requested_by", "state", "finished_at")
    list_filter = ("state", "project")
    search_fields = ("=subject_digest",)
