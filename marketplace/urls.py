"""URLs of the marketplace; API calls never get here (see protocol.api_first)."""

from django.urls import path

from marketplace import control, legacy, openapi, pages

urlpatterns = [
    path("", legacy.or_page(pages.front)),
    path("onca/xml", legacy.answer),
    path("healthz", pages.health),
    path("openapi.json", openapi.document),
    path("control/<path:path>", control.control),
]

handler400 = "marketplace.pages.bad_request"
handler404 = "marketplace.pages.not_found"
handler500 = "marketplace.pages.failed"
