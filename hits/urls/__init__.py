"""Every URL of HITs and their review, a file for each noun."""

from hits.urls import batches, files, frames, hits, quality, review

urlpatterns = [
    *review.urlpatterns,
    *frames.urlpatterns,
    *quality.urlpatterns,
    *files.urlpatterns,
    *batches.urlpatterns,
    *hits.urlpatterns,
]
