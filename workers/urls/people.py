"""Workers, blocks, messages."""

from django.urls import path, register_converter

from workers.views.address import WorkerAddress
from workers.views.blocks import block_act, block_new, blocks, blocks_csv
from workers.views.messages import message, message_new, message_outcome, messages
from workers.views.people import worker, worker_record, worker_similar, worker_write
from workers.views.table import workers, workers_act

register_converter(WorkerAddress, "worker")

urlpatterns = [
    path("workers/", workers, name="workers"),
    path("workers/act/", workers_act, name="workers_act"),
    path("workers/blocks/", blocks, name="blocks"),
    path("workers/blocks/new/", block_new, name="block_new"),
    path("workers/blocks/act/", block_act, name="block_act"),
    path("workers/blocks/file.csv", blocks_csv, name="blocks_csv"),
    path("workers/messages/", messages, name="messages"),
    path("workers/messages/new/", message_new, name="message_new"),
    path("workers/messages/<uuid:message_id>/", message, name="message"),
    path("workers/messages/<uuid:message_id>/outcome.csv", message_outcome, name="message_outcome"),
    path("workers/<worker:worker_id>/", worker, name="worker"),
    path("workers/<worker:worker_id>/record/", worker_record, name="worker_record"),
    path("workers/<worker:worker_id>/similar/", worker_similar, name="worker_similar"),
    path("workers/<worker:worker_id>/write/", worker_write, name="worker_write"),
]
