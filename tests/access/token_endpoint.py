"""An OAuth 2.0 token endpoint, in a thread: workers are other processes, and Faust another loop."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.access.secured import unsigned_token

CLIENT, SECRET = "ticket-streams", "token-secret"


class TokenEndpoint(ThreadingHTTPServer):
    """Gives tokens for ``user`` to the one client it knows."""

    daemon_threads = True

    def __init__(self, user: str, lasts: float = 3600) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.user, self.lasts = user, lasts
        self.asked: list[dict[str, list[str]]] = []
        self.answer: tuple[int, bytes] | None = None
        """Given to everybody instead of a token."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class _Handler(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(parse_qs(form))
        login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        token = unsigned_token(self.server.user, self.server.lasts)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.server.lasts}
        status, content = 200, json.dumps(body).encode()
        if self.headers["Authorization"] != f"Basic {login}":
            status, content = 401, b'{"error": "invalid_client"}'
        if self.server.answer is not None:
            status, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def token_endpoint(user: str, lasts: float = 3600) -> Iterator[TokenEndpoint]:
    """A running one."""
    with TokenEndpoint(user, lasts) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
