"""Where a worker lives and what they want to see; password and second step are allauth's pages."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from marketplace.models import Worker
from marketplace.site.access import for_workers
from marketplace.site.forms import ProfileForm


@require_http_methods(["GET", "HEAD", "POST"])
@for_workers
def profile(request: HttpRequest, worker: Worker) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=worker)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "site/profile.html", {"form": form}, status=422 if form.errors else 200)
