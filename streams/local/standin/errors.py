"""The API's errors: status, type, body."""

import json
from http import HTTPStatus
from typing import Any

# Of the API's reference, "Errors"; statuses that have no type of their own are api_error.
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class ApiError(Exception):
    """A request that is answered with an error; ``headers`` are sent besides the usual ones."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        self.details = details

    def body(self, request_id: str) -> bytes:
        """The JSON body."""
        error: dict[str, Any] = {
            "type": ERROR_TYPES.get(self.status, "api_error"),
            "message": self.message,
        }
        if self.details:
            error["details"] = self.details
        return json.dumps({"type": "error", "error": error, "request_id": request_id}).encode()


def invalid(message: str) -> ApiError:
    """A 400."""
    return ApiError(400, message)


def injected(status: int, retry_after: int | None) -> ApiError:
    """An error that the faults ask for; without ``retry_after`` the header is absent."""
    if status == 529:
        message = "Overloaded"
    else:
        known = status in HTTPStatus._value2member_map_
        message = HTTPStatus(status).phrase if known else f"Status {status}"
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return ApiError(status, f"{message} (a fault of the stand-in)", headers=headers)


def spend_limit() -> ApiError:
    """The 429 that no retry cures: it has no ``retry-after`` and lasts until next month."""
    return ApiError(
        429,
        "You have reached your specified API usage limits (a fault of the stand-in).",
        details={"error_code": "enforced_spend_limit_reached"},
    )
