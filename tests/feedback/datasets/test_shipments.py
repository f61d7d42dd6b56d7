"""Files sent to the operator's destinations: there only when whole, checked, the same however often a worker dies."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client
from moto.s3 import models as moto_s3
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import destinations, exports, shipments
from feedback.datasets.destinations import s3
from feedback.datasets.models import DatasetVersion, Export, Shipment
from feedback.jobs import JobRefused
from tests import make
from tests.feedback.datasets.conftest import Built, Compared
from tests.feedback.datasets.hub_stand_in import Hub
from tests.feedback.datasets.test_exports import content

pytestmark = pytest.mark.once

SECRET = "hf_only-for-this-test"
Configure = Callable[..., None]


@pytest.fixture
def version(compared: Compared, built: Built) -> DatasetVersion:
    for n in range(6):
        compared("AAA", texts=(f"Yes, {n}. " * 40, "No."))
    return built()


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Destinations as the operator writes them, for all projects unless it says otherwise."""

    def write(**fields: Any) -> None:
        settings.EXPORT_DESTINATIONS = json.dumps([{"name": "there", "projects": ["*"], **fields}])

    return write


@pytest.fixture
def bucket(configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """An S3-compatible server on loopback, whose parts may be small."""
    monkeypatch.setattr(moto_s3, "S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
    monkeypatch.setattr(s3, "PART", 1500)
    monkeypatch.setenv("TEST_ACCESS_KEY", "access")
    (tmp_path / "secret").write_text("secret\n")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="lake")
    keys = {"access_key_env": "TEST_ACCESS_KEY", "secret_key_file": str(tmp_path / "secret")}
    configure(kind="s3", bucket="lake", prefix="out", endpoint=address, **keys)
    yield client
    server.stop()


@pytest.fixture
def hub(configure: Configure, tmp_path: Path) -> Iterator[Hub]:
    (tmp_path / "token").write_text(SECRET)
    server = Hub(SECRET)
    configure(
        kind="hub", repository="acme/feedback-{dataset}", endpoint=server.address, token_file=str(tmp_path / "token")
    )
    yield server
    server.close()


def made(version: DatasetVersion, shape: str = "preference", format: str = "jsonl") -> Export:
    export = exports.request(version, shape, format=format)
    jobs.run(Export, export.pk)
    export.refresh_from_db()
    return export


def sent(export: Export) -> Shipment:
    shipment = shipments.request(export, "there")
    jobs.run(Shipment, shipment.pk)
    shipment.refresh_from_db()
    return shipment


def sent_with_deaths(export: Export, look: Callable[[], bytes | None]) -> Shipment:
    """The worker dies in each step after it talked to the destination; what can be seen there is always whole."""
    shipment = shipments.request(export, "there")
    for _ in range(60):
        attempt = jobs.claim(Shipment, shipment.pk)
        assert attempt
        shipment.refresh_from_db()
        shipments.prepare(shipment)  # and dies
        assert look() in (None, content(export))
        if not jobs.run_chunk(Shipment, shipment.pk, attempt):
            break
        Shipment.objects.filter(pk=shipment.pk).update(lease_until=Now() - timedelta(seconds=1))
    shipment.refresh_from_db()
    return shipment


def test_a_bucket_gets_the_file_in_parts_whoever_dies(version: DatasetVersion, bucket: Any) -> None:
    export = made(version)
    assert export.n_bytes > 3 * s3.PART
    key = f"out/travel/answers/v1/{exports.file_name(export)}"

    def look() -> bytes | None:
        found = bucket.list_objects_v2(Bucket="lake").get("Contents", [])
        return bucket.get_object(Bucket="lake", Key=key)["Body"].read() if found else None

    shipment = sent_with_deaths(export, look)
    assert (shipment.state, shipment.place, shipment.error) == ("done", f"s3://lake/{key}", "")
    assert look() == content(export)
    assert bucket.head_object(Bucket="lake", Key=key)["Metadata"] == {"sha256": export.sha256}
    assert bucket.list_multipart_uploads(Bucket="lake").get("Uploads", []) == []


def test_what_is_there_already_is_not_sent_again(version: DatasetVersion, bucket: Any) -> None:
    export = made(version)
    first = sent(export)
    again = sent(export)
    assert (again.pk, again.state, again.done) == (first.pk, "done", export.n_bytes)
    assert again.cursor.get("parts") is None


def test_what_arrives_otherwise_is_taken_back(
    version: DatasetVersion, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "sha256_of", lambda *args: "0" * 64)
    shipment = sent(made(version))
    assert (shipment.state, shipment.place) == ("queued", "")
    assert shipment.error == "NotCarried: What arrived is not what was sent."
    assert bucket.list_objects_v2(Bucket="lake").get("Contents", []) == []


def test_an_error_says_what_kind_and_no_address(version: DatasetVersion, configure: Configure) -> None:
    configure(kind="s3", bucket="lake", endpoint="http://127.0.0.1:9", access_key_env="NOBODY", secret_key_env="NOBODY")
    refused = sent(made(version))
    assert (refused.state, refused.error) == ("failed", "A key of the destination is empty.")


def test_a_server_that_is_not_there_is_tried_again(
    version: DatasetVersion, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "a")
    configure(kind="s3", bucket="lake", endpoint="http://127.0.0.1:9", access_key_env="A_KEY", secret_key_env="A_KEY")
    shipment = sent(made(version))
    assert shipment.state == "queued"
    assert shipment.error == "NotCarried: The destination did not take it (EndpointConnectionError)."


def test_a_folder_gets_the_file_by_a_rename(
    version: DatasetVersion, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    root.mkdir()
    configure(kind="local", folder=str(root))
    monkeypatch.setattr("feedback.datasets.destinations.local.BLOCK", 700)
    monkeypatch.setattr("feedback.datasets.destinations.local.BLOCKS", 2)
    export = made(version)
    target = root / "travel/answers/v1" / exports.file_name(export)
    shipment = sent_with_deaths(export, lambda: target.read_bytes() if target.exists() else None)
    assert (shipment.state, shipment.place) == ("done", str(target.relative_to(root)))
    assert target.read_bytes() == content(export)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_link_in_the_folder_leads_nowhere(version: DatasetVersion, configure: Configure, tmp_path: Path) -> None:
    root, outside = tmp_path / "out", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "travel").symlink_to(outside)
    configure(kind="local", folder=str(root))
    shipment = sent(made(version))
    assert (shipment.state, shipment.error) == ("failed", "The folder of this destination leads out of it.")
    assert list(outside.iterdir()) == []


def test_a_hub_gets_a_whole_folder_in_one_commit(version: DatasetVersion, hub: Hub) -> None:
    export = made(version, "folder", "parquet")
    shipment = sent(export)
    assert (shipment.state, shipment.error) == ("done", "")
    files = hub.repositories["acme/feedback-answers"]
    packed = zipfile.ZipFile(BytesIO(content(export)))
    assert files == {name: packed.read(name) for name in packed.namelist()}
    assert len(hub.commits) == 1
    assert shipment.place == f"acme/feedback-answers@{hub.commits[0]}"
    assert sent(export).state == "done"
    hub.repositories["acme/feedback-answers"]["data/old/train.parquet"] = b"of an earlier version"
    sent(export)
    assert hub.repositories["acme/feedback-answers"] == files


def test_a_hub_that_changes_a_file_is_found_out(version: DatasetVersion, hub: Hub) -> None:
    hub.harm = "README.md"
    shipment = sent(made(version, "folder", "parquet"))
    assert (shipment.state, shipment.error) == ("queued", "NotCarried: What arrived is not what was sent.")


def test_a_hub_that_refuses_is_told_without_the_token(version: DatasetVersion, hub: Hub) -> None:
    hub.token = "another"
    shipment = sent(made(version))
    assert shipment.error == "NotCarried: The destination did not take it (401)."
    assert SECRET not in json.dumps(list(Shipment.objects.values()), default=str)


def test_only_the_projects_that_are_named_may_send(version: DatasetVersion, configure: Configure) -> None:
    configure(kind="local", folder="/nowhere", projects=["another"])
    with pytest.raises(JobRefused, match="no such destination"):
        shipments.request(made(version), "there")
    assert destinations.allowed("travel") == []
    assert [one.name for one in destinations.allowed("another")] == ["there"]


def test_what_the_operator_wrote_wrongly_is_found_by_check(settings: Settings) -> None:
    for text in ("{", '[{"kind": "ftp", "name": "a", "projects": []}]', '[{"kind": "local", "name": "a"}]'):
        settings.EXPORT_DESTINATIONS = text
        assert [error.id for error in destinations.check()] == ["datasets.E001"]
    settings.EXPORT_DESTINATIONS = ""
    assert destinations.check() == []


def test_a_shipment_waits_for_its_file(version: DatasetVersion, configure: Configure, tmp_path: Path) -> None:
    configure(kind="local", folder=str(tmp_path))
    export = exports.request(version, "preference")
    shipment = shipments.request(export, "there")
    assert jobs.claim(Shipment, shipment.pk) is None
    jobs.run(Export, export.pk)
    jobs.run(Shipment, shipment.pk)
    shipment.refresh_from_db()
    assert shipment.state == "done"
    other = exports.request(version, "votes")
    waiting = shipments.request(other, "there")
    other.cancel()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == ("failed", "The file was not made.")


def test_a_program_sends_and_follows_it(
    version: DatasetVersion, configure: Configure, tmp_path: Path, other_project: Project
) -> None:
    configure(kind="local", folder=str(tmp_path), projects=["travel"])
    export = made(version)
    url = f"/api/v1/exports/{export.pk}/shipments/"
    client = Client(headers={"Authorization": f"Bearer {make.api_key(version.project, 'datasets:write')}"})
    asked = client.post(url, {"destination": "there"}, content_type="application/json")
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    jobs.run(Shipment, asked.json()["id"])
    assert client.get(asked["Location"]).json()["place"].startswith("travel/answers/v1/")
    unknown = client.post(url, {"destination": "elsewhere"}, content_type="application/json")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "no-destination")
    stranger = Client(headers={"Authorization": f"Bearer {make.api_key(other_project, 'datasets:write')}"})
    assert stranger.get(asked["Location"]).status_code == 404
    verbs = AuditEvent.objects.filter(object_type="datasets.shipment").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["shipment-requested", "shipment-arrived"]


def test_a_person_sends_from_the_page(
    version: DatasetVersion, configure: Configure, curator: Member, tmp_path: Path
) -> None:
    browser, export = make.SignedIn(curator), made(version)
    place = f"{version.get_absolute_url()}exports/{export.pk}/"
    assert b"has named no destination" in browser.get(f"{place}share/").content
    configure(kind="local", folder=str(tmp_path))
    wanted = {"shape": "votes", "format": "jsonl", "destination": "there"}
    assert browser.post(f"{version.get_absolute_url()}exports/", wanted).status_code == 303
    assert Shipment.objects.get(export__shape="votes").state == "queued"
    assert browser.post(f"{place}send/", {"destination": "elsewhere"}).status_code == 422
    assert browser.post(f"{place}send/", {"destination": "there"}).status_code == 302
    jobs.run(Shipment, Shipment.objects.get(export=export).pk)
    page = browser.get(f"{place}share/").content.decode()
    assert "It lies in" in page
    assert "Done" in page


def test_an_operator_sends_by_command(version: DatasetVersion, configure: Configure, tmp_path: Path) -> None:
    configure(kind="local", folder=str(tmp_path))
    words = {"project": "travel", "shape": "preference", "format": "parquet"}
    call_command("export", "answers", to="there", **words)
    (target,) = (tmp_path / "travel/answers/v1").iterdir()
    assert hashlib.sha256(target.read_bytes()).hexdigest() == Export.objects.get().sha256
    with pytest.raises(CommandError, match="no such destination"):
        call_command("export", "answers", to="elsewhere", **words)
    with pytest.raises(CommandError, match="Say where it goes"):
        call_command("export", "answers", **words)
