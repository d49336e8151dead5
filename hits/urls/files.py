"""Results for download, marked files for upload."""

from django.urls import path

from hits.views.files import queue_csv, results_csv
from hits.views.uploads import marked_upload, upload, upload_ask, upload_failed, upload_tick, uploads

urlpatterns = [
    path("batches/<int:batch_id>/results.csv", results_csv, name="results_csv"),
    path("review/results.csv", queue_csv, name="queue_csv"),
    path("uploads/", uploads, name="uploads"),
    path("uploads/marked/", marked_upload, name="marked_upload"),
    path("uploads/<uuid:upload_id>/", upload, name="upload"),
    path("uploads/<uuid:upload_id>/ask/", upload_ask, name="upload_ask"),
    path("uploads/<uuid:upload_id>/tick/", upload_tick, name="upload_tick"),
    path("uploads/<uuid:upload_id>/failed.csv", upload_failed, name="upload_failed"),
]
