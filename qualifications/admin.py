"""Lists of qualifications, scores and panels. Granting reaches MTurk, so nothing is changed by rows here."""

from django.contrib import admin

from dashboard.admin import ReadOnly, register_others
from qualifications.models import Panel


@admin.register(Panel)
class PanelAdmin(ReadOnly):
    list_display = ("name", "meaning", "state", "problem", "made_by", "made_at", "account")
    list_filter = ("meaning", "state", "account")
    search_fields = ("name",)
    list_select_related = ("account", "made_by")
    change_list_template = "admin/list_with_uploads.html"
    upload_pages = (("Panels", "panels"),)


register_others("qualifications")
