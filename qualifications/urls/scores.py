"""Who holds what; panels and exclusions."""

from django.urls import path

from qualifications.views.panels import panel, panel_act, panel_edit, panel_new, panels, requirements
from qualifications.views.scores import (
    grant_workers,
    scores,
    scores_change,
    scores_paste,
    scores_upload,
    sheet,
    sheet_begin,
    sheet_failed,
)
from qualifications.views.worker_csv import workers_csv

urlpatterns = [
    path("qualifications/workers.csv", workers_csv, name="workers_csv"),
    path("qualifications/upload/", scores_upload, name="scores_upload"),
    path("qualifications/grant/", grant_workers, name="grant_workers"),
    path("qualifications/lists/<int:sheet_id>/", sheet, name="sheet"),
    path("qualifications/lists/<int:sheet_id>/begin/", sheet_begin, name="sheet_begin"),
    path("qualifications/lists/<int:sheet_id>/not-done.csv", sheet_failed, name="sheet_failed"),
    path("qualifications/panels/", panels, name="panels"),
    path("qualifications/panels/new/", panel_new, name="panel_new"),
    path("qualifications/panels/<int:panel_id>/", panel, name="panel"),
    path("qualifications/panels/<int:panel_id>/edit/", panel_edit, name="panel_edit"),
    path("qualifications/panels/<int:panel_id>/act/", panel_act, name="panel_act"),
    path("qualifications/requirements/", requirements, name="requirements"),
    path("qualifications/<str:type_id>/workers/", scores, name="scores"),
    path("qualifications/<str:type_id>/workers/change/", scores_change, name="scores_change"),
    path("qualifications/<str:type_id>/workers/paste/", scores_paste, name="scores_paste"),
]
