"""Qualification types, their tests, and requests for them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
