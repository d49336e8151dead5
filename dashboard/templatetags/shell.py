"""What stands around every page: `{% load shell %}`."""

from functools import lru_cache

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> SafeString:
    """The links of an account with the one marked that the reader is at. It stands on a page twice, once for phones,
    and hardly ever changes: drawn each time, it took a tenth of the time of a page."""
    match = context["request"].resolver_match
    return _navigation(context["account"].slug, match.url_name if match else "", context["review_count"])


@lru_cache(maxsize=1_000)
def _navigation(slug: str, here: str, review_count: int) -> SafeString:
    return render_to_string("includes/nav.html", {"slug": slug, "here": here, "review_count": review_count})
