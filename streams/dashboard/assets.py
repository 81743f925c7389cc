"""The files of the page. Nothing comes from another server: uPlot is in an installed package."""

from collections.abc import Mapping
from importlib.resources import files
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

# path: package, file, content type
_FILES = {
    PAGE: ("streams.dashboard", "static/index.html", "text/html"),
    "/static/style.css": ("streams.dashboard", "static/style.css", "text/css"),
    "/static/page.js": ("streams.dashboard", "static/page.js", "text/javascript"),
    "/static/chart.js": ("streams.dashboard", "static/chart.js", "text/javascript"),
    "/static/format.js": ("streams.dashboard", "static/format.js", "text/javascript"),
    "/static/table.js": ("streams.dashboard", "static/table.js", "text/javascript"),
    "/static/text.js": ("streams.dashboard", "static/text.js", "text/javascript"),
    "/static/promises.js": ("streams.dashboard", "static/promises.js", "text/javascript"),
    "/static/promises.css": ("streams.dashboard", "static/promises.css", "text/css"),
    "/static/icon.svg": ("streams.dashboard", "static/icon.svg", "image/svg+xml"),
    "/static/vendor/uplot.js": ("youplot.vendor", "uplot.iife.min.js", "text/javascript"),
    "/static/vendor/uplot.css": ("youplot.vendor", "uplot.min.css", "text/css"),
}


class Asset(NamedTuple):
    """A file to serve, UTF-8."""

    body: bytes
    content_type: str


def load() -> dict[str, Asset]:
    """Every file by its path on the server."""
    return {
        path: Asset(files(package).joinpath(name).read_bytes(), content_type)
        for path, (package, name, content_type) in _FILES.items()
    }
