"""Results for download, marked files for upload."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
