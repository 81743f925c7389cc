"""Whether a broker answers, asked in Kafka's own protocol and without an event loop."""

import socket
import struct
from io import BytesIO

from aiokafka.protocol.metadata import MetadataRequest_v1

_TIMEOUT = 1.0  # seconds
_NO_TOPICS: list[str] = []


def answers(host: str, port: int) -> bool:
    """Whether a Metadata request comes back with at least one broker."""
    request = MetadataRequest_v1(_NO_TOPICS)
    header = request.build_request_header(correlation_id=1, client_id="ticket-streams")
    body = header.encode() + request.encode()
    try:
        with (
            socket.create_connection((host, port), timeout=_TIMEOUT) as connection,
            connection.makefile("rb") as incoming,
        ):
            connection.sendall(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", incoming.read(4))
            response = BytesIO(incoming.read(size))
            request.parse_response_header(response)
            return bool(request.RESPONSE_TYPE.decode(response).brokers)
    except (OSError, struct.error, ValueError):  # refused, silent, or cut short
        return False
