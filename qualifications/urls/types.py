"""Qualification types, their tests, and requests for them."""

from django.urls import path

from qualifications.views.compensation import (
    compensation,
    compensation_new,
    compensation_stop,
    compensations,
)
from qualifications.views.editing import qualification_edit, qualification_new
from qualifications.views.requests import (
    qualification_request,
    qualification_requests,
    qualification_requests_all,
    qualification_requests_ticked,
)
from qualifications.views.types import (
    qualification,
    qualification_delete,
    qualification_search,
    qualification_try,
    qualifications,
)

urlpatterns = [
    path("compensations/", compensations, name="compensations"),
    path("compensations/new/", compensation_new, name="compensation_new"),
    path("compensations/<uuid:compensation_id>/", compensation, name="compensation"),
    path("compensations/<uuid:compensation_id>/stop/", compensation_stop, name="compensation_stop"),
    path("qualifications/", qualifications, name="qualifications"),
    path("qualifications/look/", qualification_search, name="qualification_search"),
    path("qualifications/new/", qualification_new, name="qualification_new"),
    path("qualifications/requests/", qualification_requests, name="qualification_requests"),
    path("qualifications/requests/ticked/", qualification_requests_ticked, name="qualification_requests_ticked"),
    path("qualifications/requests/all/<slug:action>/", qualification_requests_all, name="qualification_requests_all"),
    path("qualifications/requests/<str:request_id>/", qualification_request, name="qualification_request"),
    path("qualifications/<str:type_id>/", qualification, name="qualification"),
    path("qualifications/<str:type_id>/edit/", qualification_edit, name="qualification_edit"),
    path("qualifications/<str:type_id>/delete/", qualification_delete, name="qualification_delete"),
    path("qualifications/<str:type_id>/try/", qualification_try, name="qualification_try"),
]
