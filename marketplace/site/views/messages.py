"""What a worker was told, and writing to a requester."""

from datetime import timedelta

from django import forms
from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from marketplace import clock
from marketplace.models import HITType, Inquiry, Message, Worker
from marketplace.site.access import for_workers

PAGE = 50
MOST_A_DAY = 20  # letters of one worker: each may become an e-mail to somebody


class ContactForm(forms.Form):
    """A letter to the requester of a HIT."""

    text = forms.CharField(
        max_length=4000, label="What you want to tell or ask", widget=forms.Textarea(attrs={"rows": 6})
    )


@require_safe
@for_workers
def messages(request: HttpRequest, worker: Worker) -> HttpResponse:
    """Every message to the worker, the newest first; seen once shown here."""
    shown = list(Message.objects.filter(worker=worker).select_related("requester").order_by("-pk")[:PAGE])
    unread = [message.pk for message in shown if message.read_at is None]
    asked = list(Inquiry.objects.filter(worker=worker).select_related("hit_type__requester").order_by("-pk")[:PAGE])
    if unread:
        Message.objects.filter(pk__in=unread, read_at=None).update(read_at=clock.now())
    return render(request, "site/messages.html", {"rows": shown, "unread_here": set(unread), "asked": asked})


@require_http_methods(["GET", "HEAD", "POST"])
@for_workers
def contact(request: HttpRequest, worker: Worker, group_id: str) -> HttpResponse:
    """Write to the requester of a HIT group; kept here, and sent on by e-mail where the requester has an address."""
    hit_type = get_object_or_404(HITType.objects.select_related("requester"), hit_group_id=group_id)
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _wrote_much(worker):
        form.add_error(None, f"These were {MOST_A_DAY} letters within a day. Write again tomorrow.")
    elif request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        Inquiry.objects.create(worker=worker, hit_type=hit_type, text=text, sent_at=clock.now())
        notes.success(request, "Sent to the requester. An answer comes under Messages.")
        return redirect("group", group_id)
    context = {"hit_type": hit_type, "form": form}
    return render(request, "site/contact.html", context, status=422 if form.errors else 200)


def _wrote_much(worker: Worker) -> bool:
    since = clock.now() - timedelta(days=1)
    return Inquiry.objects.filter(worker=worker, sent_at__gt=since)[:MOST_A_DAY].count() >= MOST_A_DAY
