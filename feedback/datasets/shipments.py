"""Files on their way to a destination: asked for, carried on piece by piece, there only when whole.

What talks to the destination runs before each step, outside of any transaction; the cursor says how far it came, so
that a worker who takes over goes on. Sending the same again finds the same file there and does nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.datasets import destinations, exports
from feedback.datasets.destinations import Cargo, Progress
from feedback.datasets.models import Export, Shipment
from feedback.jobs import Job, JobRefused, Lost, lease

A_YEAR = timedelta(days=365)  # longer than any file takes: until then a shipment waits for its file


@transaction.atomic
def request(
    export: Export, destination: str, *, by: Member | None = None, http: Any = None, actor: str = "system"
) -> Shipment:
    """The shipment of this file to there, begun, or begun again when it had ended. Where the file is not finished, it
    waits for it. Raises JobRefused when the project may not send there.
    """
    destinations.find(destination, export.project.slug)
    shipment, created = Shipment.objects.get_or_create(
        export=export, destination=destination, defaults={"project_id": export.project_id, "requested_by": by}
    )
    if not created and not shipment.is_finished:
        return shipment
    shipment.begin_again()
    shipment.state, shipment.error = Job.State.QUEUED, ""
    shipment.total, shipment.started_at, shipment.finished_at = export.n_bytes or None, None, None
    shipment.lease_until = None if export.state == Job.State.DONE else Now() + A_YEAR
    shipment.save()
    record("shipment-requested", shipment, request=http, actor=by or actor, export=export.pk, destination=destination)
    if export.state == Job.State.DONE:
        shipment.ring()
    return shipment


def start_waiting(export: Export) -> None:
    """The file is there: whatever waited for it may go."""
    for shipment in export.shipments.filter(state=Job.State.QUEUED, lease_until__isnull=False):
        shipment.lease_until, shipment.total = None, export.n_bytes
        shipment.save()
        shipment.ring()


def stop_waiting(export: Export) -> None:
    """There will be no file."""
    for shipment in export.shipments.filter(state=Job.State.QUEUED):
        shipment.end(Job.State.FAILED, "The file was not made.")


def prepare(shipment: Shipment) -> Progress:
    """Carry it a piece further."""
    export = shipment.export
    place = destinations.find(shipment.destination, export.project.slug)
    if export.state != Job.State.DONE:
        raise JobRefused("The file is not there; make it again first.")
    version = export.version
    cargo = Cargo(
        name=exports.file_name(export),
        folder=(export.project.slug, version.dataset.key, f"v{version.number}"),
        stored=export.file,
        n_bytes=export.n_bytes,
        sha256=export.sha256,
        kind=exports.kept(export).kind,
        is_folder=export.shape == Export.FOLDER,
        key=f"shipment-{shipment.pk}",
        title=f"{version.dataset.key}, version {version.number}",
    )
    with beating(shipment):
        return place.carry(cargo, shipment.cursor, shipment.heartbeat)


def step(shipment: Shipment) -> bool:
    progress: Progress = shipment.prepared
    shipment.cursor, shipment.done, shipment.total = progress.cursor, progress.n_bytes, shipment.export.n_bytes
    if not progress.place:
        return False
    shipment.place = progress.place[:500]
    there, sha256 = shipment.destination, shipment.export.sha256
    record("shipment-arrived", shipment, export=shipment.export_id, destination=there, sha256=sha256)
    return True


@contextmanager
def beating(shipment: Shipment) -> Iterator[None]:
    """Hold on to the row while a library of others works without a word."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(settings.JOB_LEASE_SECONDS / 4):
                rows = Shipment.objects.held_by(shipment.pk, shipment.attempt)
                if not rows.update(lease_until=Now() + lease()):
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="shipment-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if not Shipment.objects.held_by(shipment.pk, shipment.attempt).exists():
        raise Lost
