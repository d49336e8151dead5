from django.contrib import admin

from dashboard.admin import ReadOnly
from workers.models import BonusPayment


@admin.register(BonusPayment)
class BonusPaymentAdmin(ReadOnly):
    list_display = ("granted_at", "worker_id", "assignment_id", "amount", "reason", "account")
    list_filter = ("account",)
    search_fields = ("=worker_id", "=assignment_id", "reason")
    list_select_related = ("account",)
