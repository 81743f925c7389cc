"""Client quotas of a broker: AlterClientQuotas (KIP-546), which no client of ours speaks."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

ENTITY = Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))


class AlterClientQuotasResponse_v0(Response):  # type: ignore[misc]  # noqa: N801
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("entity", ENTITY),
            ),
        ),
    )


class AlterClientQuotasRequest_v0(RequestStruct):  # type: ignore[misc]  # noqa: N801
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = AlterClientQuotasResponse_v0
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", ENTITY),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class AlterClientQuotas(Request[AlterClientQuotasRequest_v0]):  # type: ignore[misc]
    """``quotas`` of one client id; None takes one away."""

    API_KEY = 49

    def __init__(self, client_id: str, quotas: Mapping[str, float | None]) -> None:
        self._entity = [("client-id", client_id)]
        self._ops = [(name, value or 0.0, value is None) for name, value in quotas.items()]

    def build(
        self, request_struct_class: type[AlterClientQuotasRequest_v0]
    ) -> AlterClientQuotasRequest_v0:
        return request_struct_class([(self._entity, self._ops)], False)


@asynccontextmanager
async def quotas(kafka: str, client_id: str, given: Mapping[str, float]) -> AsyncIterator[None]:
    """These hold within the block, for the clients of that id."""
    await _alter(kafka, client_id, given)
    try:
        yield
    finally:
        await _alter(kafka, client_id, dict.fromkeys(given))


async def _alter(kafka: str, client_id: str, given: Mapping[str, float | None]) -> None:
    client = AIOKafkaClient(bootstrap_servers=kafka)
    try:
        await client.bootstrap()
        node = client.cluster.controller or next(iter(client.cluster.brokers()))
        answer = await client.send(node.nodeId, AlterClientQuotas(client_id, given))
        for code, message, _ in answer.entries:
            if code:
                raise for_code(code)(message)
    finally:
        await client.close()
