"""Batches, their results, and the answers of a HIT side by side."""

from django.urls import URLPattern, path

from hits.views.batches import batch, batches, second_review_ask
from hits.views.compare import compare
from hits.views.second_review import second_review, second_review_next

urlpatterns: list[URLPattern] = [
    path("batches/", batches, name="batches"),
    path("batches/<int:batch_id>/", batch, name="batch"),
    path("batches/<int:batch_id>/second/", second_review, name="second_review"),
    path("batches/<int:batch_id>/second/ask/", second_review_ask, name="second_review_ask"),
    path("batches/<int:batch_id>/second/next/", second_review_next, name="second_review_next"),
    path("hits/<str:hit_id>/compare/", compare, name="compare"),
]
