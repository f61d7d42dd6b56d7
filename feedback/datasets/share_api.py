"""The API of finished files for others: one-time links, and shipments to the operator's destinations."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramView, Words
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION, refuses
from feedback.datasets import examples, links, shipments
from feedback.datasets.models import DownloadLink, Shipment
from feedback.datasets.sharing_models import LINK_STATES
from feedback.jobs import JobRefused


@extend_schema_serializer(examples=[examples.LINK])
class DownloadLinkSerializer(serializers.ModelSerializer[DownloadLink]):
    state = serializers.ChoiceField(choices=LINK_STATES, read_only=True)

    class Meta:
        model = DownloadLink
        fields = ["id", "export", "state", "created_at", "expires_at", "used_at", "revoked_at"]


@extend_schema_serializer(examples=[examples.NEW_LINK])
class NewLinkSerializer(DownloadLinkSerializer):
    url = serializers.CharField(read_only=True, help_text="Told this once.")

    class Meta(DownloadLinkSerializer.Meta):
        fields = [*DownloadLinkSerializer.Meta.fields, "url"]


@extend_schema_serializer(examples=[examples.LINK_REQUEST])
class LinkRequestSerializer(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(
        min_value=1, max_value=links.MOST_MINUTES, required=False, default=links.MINUTES, help_text="How long it opens."
    )


@extend_schema_serializer(examples=[examples.SHIPMENT])
class ShipmentSerializer(serializers.ModelSerializer[Shipment]):
    class Meta:
        model = Shipment
        fields = [
            "id", "export", "destination", "state", "done", "total", "error", "place", "created_at", "finished_at"
        ]  # fmt: skip


@extend_schema_serializer(examples=[examples.SHIPMENT_REQUEST])
class ShipmentRequestSerializer(serializers.Serializer[Any]):
    destination = Words(max_length=60)


class ExportLink(ProgramView):
    @extend_schema(
        request=LinkRequestSerializer,
        responses={201: NewLinkSerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        extensions=refuses({409: ["not-ready"]}),
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Make a one-time link.

        Its address opens the file without a key, until its time is over or the file was sent whole once. Whoever begins
        first is the only one who can go on, with `Range`.
        """
        export = get_object_or_404(self.project.exports.select_related("version__dataset"), pk=pk)
        wanted = self.given(LinkRequestSerializer)
        try:
            link = links.make(export, wanted["minutes"], by=self.member, http=request)
        except JobRefused as refused:
            raise Problem(409, "not-ready", str(refused)) from refused
        headers = {"Location": reverse("api:link-detail", args=[link.pk])}
        return Response(NewLinkSerializer(link).data, status=status.HTTP_201_CREATED, headers=headers)

    def memo(self, data: Any) -> Any:
        """Without its address, which stands nowhere."""
        return {name: value for name, value in data.items() if name != "url"}

    def recall(self, memo: Any) -> Any:
        link = self.project.downloadlinks.filter(pk=memo["id"]).first()
        return {**memo, "url": link.url if link else ""}


class LinkDetail(ProgramDetail):
    """Read a link's state.

    Never its address, which is told once.
    """

    serializer_class = DownloadLinkSerializer

    def rows(self, project: Project) -> QuerySet[DownloadLink]:
        return project.downloadlinks.all()

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a link.

        It opens nothing from now on; a download that is under way is not cut off.
        """
        links.revoke(get_object_or_404(self.project.downloadlinks, pk=pk), request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportShipment(ProgramView):
    @extend_schema(
        request=ShipmentRequestSerializer,
        responses={202: ShipmentSerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        extensions=refuses({422: ["no-destination"]}),
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Send a file.

        To a destination that the operator configured, by its name. It begins when the file is finished; follow it at
        `Location`. Sending again what is there already changes nothing.
        """
        export = get_object_or_404(self.project.exports.select_related("version__dataset"), pk=pk)
        wanted = self.given(ShipmentRequestSerializer)
        try:
            shipment = shipments.request(export, wanted["destination"], by=self.member, http=request)
        except JobRefused as refused:
            raise Problem(422, "no-destination", str(refused)) from refused
        shipment.refresh_from_db()
        headers = {"Location": reverse("api:shipment-detail", args=[shipment.pk])}
        return Response(ShipmentSerializer(shipment).data, status=status.HTTP_202_ACCEPTED, headers=headers)


class ShipmentDetail(ProgramDetail):
    """Read a shipment's state.

    `place` says where the file lies, once it is there whole.
    """

    serializer_class = ShipmentSerializer

    def rows(self, project: Project) -> QuerySet[Shipment]:
        return project.shipments.all()
