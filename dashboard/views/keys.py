"""The keys a person works with, and changing them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.models import User
from dashboard.permissions import Denied
from dashboard.shortcuts import ACTIONS, FIXED, keys_of, save_keys

_PLACES = (("both", "In the list and in the workbench"), ("workbench", "In the workbench"), ("queue", "In the list"))


@require_http_methods(["GET", "HEAD", "POST"])
def my_keys(request: HttpRequest) -> HttpResponse:
    """POST action=save with a key for each action, or action=reset."""
    assert isinstance(request.user, User)
    error, keys = "", keys_of(request.user)
    if request.method == "POST":
        typed = {name: request.POST.get(f"key-{name}", "")[:40] for name in ACTIONS}
        try:
            save_keys(request.user, {} if request.POST.get("action") == "reset" else typed)
        except Denied as reason:
            error, keys = str(reason), typed
        else:
            messages.success(request, "Your keys are saved.")
            return redirect("my_keys")
    groups = [
        (
            words,
            [
                {"name": name, "words": label, "key": keys[name], "ours": ours}
                for name, (ours, label, where) in ACTIONS.items()
                if where == place
            ],
        )
        for place, words in _PLACES
    ]
    context = {"groups": groups, "error": error, "fixed": FIXED}
    return render(request, "dashboard/keys.html", context, status=422 if error else 200)
