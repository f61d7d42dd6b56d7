from django.contrib import admin

from feedback.accounts.administration import RowAdmin
from reviews.digests.models import DigestDay, DigestWish


@admin.register(DigestWish)
class DigestWishAdmin(RowAdmin):
    list_display = ("user", "since")
    search_fields = ("user__email", "user__name")


@admin.register(DigestDay)
class DigestDayAdmin(RowAdmin):
    list_display = ("user", "day", "state")
    list_filter = ("state",)
    search_fields = ("user__email", "user__name")
