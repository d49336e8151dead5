"""URLs of the marketplace; API calls never get here (see protocol.api_first)."""

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from marketplace import control, legacy, openapi, pages
from marketplace.site import views

urlpatterns = [
    # No cookie counts for what is posted to these two: the old API signs its parameters.
    path("", csrf_exempt(legacy.or_page(views.front)), name="front"),
    path("onca/xml", csrf_exempt(legacy.answer)),
    path("healthz", pages.health),
    path("openapi.json", csrf_exempt(openapi.document), name="openapi"),
    path("control/<path:path>", control.control),
    path("", include("marketplace.site.urls")),
]

handler400 = "marketplace.pages.bad_request"
handler404 = "marketplace.pages.not_found"
handler500 = "marketplace.pages.failed"
