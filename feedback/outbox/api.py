"""The API of webhooks: endpoints, events that were told, deliveries, and sending again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView, Words
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION, refuses
from feedback.outbox import examples, keeping
from feedback.outbox.address import refusal
from feedback.outbox.catalogue import TYPES
from feedback.outbox.filters import EventFilter, StrictDeliveryFilter
from feedback.outbox.models import CHOSEN_STATES, SHOWN_STATES, Delivery, Endpoint, Event
from feedback.sealed import unseal

NEVER_ON = "switched-off"


def check_url(url: str) -> None:
    if why := refusal(url):
        raise serializers.ValidationError(why)


@extend_schema_serializer(examples=[examples.WEBHOOK])
class WebhookSerializer(serializers.ModelSerializer[Endpoint]):
    url = serializers.CharField(read_only=True)
    types = serializers.ListField(child=serializers.CharField(), read_only=True)
    state = serializers.ChoiceField(choices=SHOWN_STATES, read_only=True)

    class Meta:
        model = Endpoint
        fields = ["id", "url", "description", "types", "state", "reason", "failures", "created_at"]
        read_only_fields = fields


@extend_schema_serializer(examples=[examples.NEW_WEBHOOK])
class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown in this answer and never again.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


@extend_schema_serializer(examples=[examples.WANTED])
class WantedSerializer(serializers.Serializer[Any]):
    url = Words(max_length=500, validators=[check_url], help_text="An https address.")
    description = Words(max_length=200, required=False, allow_blank=True, default="")
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TYPES)),
        allow_empty=False,
        max_length=50,
        help_text="See the how-to.",
    )

    def validate_types(self, types: list[str]) -> list[str]:
        return sorted(set(types))


@extend_schema_serializer(examples=[examples.CHANGE])
class ChangeSerializer(WantedSerializer):
    """Only what is named changes."""

    url = Words(max_length=500, validators=[check_url], required=False, help_text="An https address.")
    description = Words(max_length=200, required=False, allow_blank=True)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TYPES)), allow_empty=False, max_length=50, required=False
    )
    state = serializers.ChoiceField(choices=CHOSEN_STATES, required=False)


@extend_schema_serializer(examples=[examples.SINCE])
class SinceSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="Of events that happened since then.")


@extend_schema_serializer(examples=[examples.AGAIN])
class AgainSerializer(serializers.Serializer[Any]):
    deliveries = serializers.IntegerField(help_text="How many are sent again.")


@extend_schema_serializer(examples=[examples.EVENT])
class EventSerializer(serializers.ModelSerializer[Event]):
    message_id = serializers.CharField(read_only=True, help_text="The webhook-id of every delivery of it.")
    data = serializers.DictField(read_only=True)  # type: ignore[assignment]  # a field of that name is no property

    class Meta:
        model = Event
        fields = ["id", "message_id", "type", "about", "created_at", "data"]
        read_only_fields = fields


class AttemptSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    ms = serializers.IntegerField(help_text="How long it took.")
    status = serializers.IntegerField(allow_null=True, help_text="What was answered; null for no answer.")
    error = serializers.CharField(allow_blank=True)


@extend_schema_serializer(examples=[examples.DELIVERY])
class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    webhook = serializers.IntegerField(source="endpoint_id", read_only=True)
    event = EventSerializer(read_only=True)
    attempts = AttemptSerializer(many=True, read_only=True)
    next_at = serializers.SerializerMethodField(help_text="When it is tried next, while it waits after a failure.")

    class Meta:
        model = Delivery
        fields = ["id", "webhook", "event", "state", "attempts", "next_at", "error", "delivered_at"]
        read_only_fields = fields

    @staticmethod
    def get_next_at(delivery: Delivery) -> str | None:
        if delivery.state != Delivery.State.QUEUED or not delivery.tried or delivery.lease_until is None:
            return None
        return serializers.DateTimeField().to_representation(delivery.lease_until)


def the_endpoint(project: Project, pk: int) -> Endpoint:
    found: Endpoint = get_object_or_404(project.endpoints.there(), pk=pk)
    return found


class SecretOnce(ProgramView):
    """An answer with a secret: what is kept under an Idempotency-Key has none, and gets it from its sealed place."""

    def memo(self, data: Any) -> Any:
        return {name: value for name, value in data.items() if name != "secret"}

    def recall(self, memo: Any) -> Any:
        endpoint = self.project.endpoints.there().filter(pk=memo["id"]).first()
        return {**memo, "secret": unseal(endpoint.sealed_secret)} if endpoint else memo


class WebhookList(ProgramList, SecretOnce):
    """List webhooks.

    Where events of this project are sent. Their secrets are never shown again.
    """

    serializer_class = WebhookSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[Endpoint]:
        rows: QuerySet[Endpoint] = project.endpoints.there()
        return rows

    @extend_schema(
        request=WantedSerializer,
        responses={201: NewWebhookSerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        extensions=refuses({409: ["too-many-webhooks"]}),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Add a webhook.

        The answer holds the secret that signs its messages; keep it, it is shown once.
        """
        wanted = self.given(WantedSerializer)
        if not keeping.room_for_one_more(self.project):
            raise Problem(409, "too-many-webhooks", f"A project has {keeping.MOST} webhooks at most; remove one first.")
        endpoint = keeping.add(self.project, self.member, request=request, **wanted)
        headers = {"Location": reverse("api:webhook-detail", args=[endpoint.pk])}
        return Response(NewWebhookSerializer(endpoint).data, status=status.HTTP_201_CREATED, headers=headers)


class WebhookDetail(ProgramDetail):
    """Read a webhook.

    Its state is `on`, `paused` by somebody, or `disabled` by us, with the reason.
    """

    serializer_class = WebhookSerializer

    def rows(self, project: Project) -> QuerySet[Endpoint]:
        rows: QuerySet[Endpoint] = project.endpoints.there()
        return rows

    @extend_schema(request=ChangeSerializer, responses={200: NewWebhookSerializer})
    def patch(self, request: Request, pk: int) -> Response:
        """Change a webhook.

        Only what is named changes. `state` switches it on or pauses it. An address on another host or port is another
        receiver: `secret` then holds its new secret, and is empty otherwise.
        """
        endpoint = the_endpoint(self.project, pk)
        wanted = self.given(ChangeSerializer)
        state = wanted.pop("state", None)
        if wanted:
            known = {name: getattr(endpoint, name) for name in ("url", "description", "types")}
            keeping.change(endpoint, request=request, **{**known, **wanted})
        if state:
            keeping.switch(endpoint, state, request=request)
        return Response(NewWebhookSerializer(endpoint).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a webhook.

        Nothing more is sent to it, and its secret is forgotten.
        """
        endpoint = the_endpoint(self.project, pk)
        keeping.switch(endpoint, Endpoint.State.REMOVED, request=request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookRotate(SecretOnce):
    @extend_schema(request=None, responses={200: NewWebhookSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Replace the secret.

        For a day every message is signed with both, the old and the new one.
        """
        endpoint = the_endpoint(self.project, pk)
        keeping.rotate(endpoint, request=request)
        return Response(NewWebhookSerializer(endpoint).data)


class WebhookTest(ProgramView):
    @extend_schema(
        request=None,
        responses={202: DeliverySerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        extensions=refuses({409: [NEVER_ON]}),
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Send a test.

        An event `webhook.test`, for this webhook alone. Follow it at `Location`.
        """
        endpoint = the_endpoint(self.project, pk)
        if not endpoint.is_on:
            raise Problem(409, NEVER_ON, "Nothing is sent to this webhook now; switch it on first.")
        delivery = keeping.send_test(endpoint, request=request)
        return Response(
            DeliverySerializer(delivery).data,
            status=status.HTTP_202_ACCEPTED,
            headers={"Location": reverse("api:webhook-delivery-detail", args=[delivery.pk])},
        )


class WebhookReplay(ProgramView):
    @extend_schema(request=SinceSerializer, responses={200: AgainSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Send again what was given up.

        Every delivery to this webhook that was given up, of events since a moment, in their order and under their ids.
        """
        endpoint = the_endpoint(self.project, pk)
        since = self.given(SinceSerializer)["since"]
        return Response({"deliveries": keeping.replay_failed(endpoint, since, request=request)})


class WebhookEventList(ProgramList):
    """List events.

    What was told to webhooks, as long as it is kept. Events that no webhook wanted were never written.
    """

    serializer_class = EventSerializer
    filterset_class = EventFilter

    def rows(self, project: Project) -> QuerySet[Event]:
        return project.events.all()


def deliveries_of(project: Project) -> QuerySet[Delivery]:
    """To webhooks that are there."""
    return project.deliveries.exclude(endpoint__state=Endpoint.State.REMOVED).select_related("event")


class WebhookDeliveryList(ProgramList):
    """List deliveries.

    One for each event and webhook, with every attempt: when, answered how, after how long.
    """

    serializer_class = DeliverySerializer
    filterset_class = StrictDeliveryFilter

    def rows(self, project: Project) -> QuerySet[Delivery]:
        return deliveries_of(project)


class WebhookDeliveryDetail(ProgramDetail):
    """Read a delivery.

    Its state is `queued` while it waits, `done` when it was taken, `failed` when it was given up.
    """

    serializer_class = DeliverySerializer

    def rows(self, project: Project) -> QuerySet[Delivery]:
        return deliveries_of(project)


class WebhookDeliveryReplay(ProgramView):
    @extend_schema(request=None, responses={200: DeliverySerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Send a delivery again.

        Under the same id, with the whole schedule before it. One that is on its way is left as it is.
        """
        delivery = get_object_or_404(deliveries_of(self.project).select_related("endpoint"), pk=pk)
        keeping.replay(delivery, request=request)
        delivery.refresh_from_db()
        return Response(DeliverySerializer(delivery).data)
