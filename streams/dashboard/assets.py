"""The files of the page. Nothing comes from another server: uPlot is in an installed package."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePath
from typing import NamedTuple

PAGE = "/"

HEADERS: Mapping[str, str] = {
    # No inline script or style, nothing from elsewhere, no frames, no forms.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every response."""

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

# path: package, file
_VENDOR = {
    "/static/vendor/uplot.js": ("youplot.vendor", "uplot.iife.min.js"),
    "/static/vendor/uplot.css": ("youplot.vendor", "uplot.min.css"),
}


class Asset(NamedTuple):
    """A file to serve, UTF-8."""

    body: bytes
    content_type: str


def load() -> dict[str, Asset]:
    """Every file by its path on the server: those in static/, and uPlot's."""
    ours = files("streams.dashboard").joinpath("static")
    found = {f"/static/{file.name}": file for file in ours.iterdir()}
    found |= {path: files(package).joinpath(name) for path, (package, name) in _VENDOR.items()}
    found[PAGE] = found.pop("/static/index.html")
    return {
        path: Asset(file.read_bytes(), _TYPES[PurePath(file.name).suffix])
        for path, file in sorted(found.items())
    }
