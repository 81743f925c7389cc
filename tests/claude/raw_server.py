"""A server that answers with bytes as they are given: for what no proper server would send."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RawServer:
    """``answer`` is sent to every request, then the connection is closed, or reset."""

    def __init__(self) -> None:
        self.answer = b""
        self.reset = False
        self.silent = False
        self.url = ""
        self.requests = 0

    def reply(
        self, body: bytes, status: str = "200 OK", headers: str = "", length: int | None = None
    ) -> None:
        """Set the answer; ``length`` may lie about the body's."""
        size = len(body) if length is None else length
        head = (
            f"HTTP/1.1 {status}\r\ncontent-length: {size}\r\nrequest-id: req_raw\r\n{headers}\r\n"
        )
        self.answer = head.encode() + body

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        if self.silent:
            await reader.read()  # until the client leaves
        writer.write(self.answer)
        await writer.drain()
        if self.reset:
            peer: socket.socket = writer.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()


@asynccontextmanager
async def raw_server() -> AsyncIterator[RawServer]:
    """A RawServer on a free port of 127.0.0.1."""
    raw = RawServer()
    server = await asyncio.start_server(raw._serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    raw.url = f"http://{host}:{port}"
    try:
        yield raw
    finally:
        server.close()
