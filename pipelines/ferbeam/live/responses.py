"""What the live page is made of: its files, the emoji, and the headers they are sent with."""

from __future__ import annotations

import functools
import io
from http import HTTPStatus
from pathlib import Path

from PIL import Image
from websockets.datastructures import Headers
from websockets.http11 import Response

from fer_core.drawing.emoji import fit_emoji, read_emoji

PAGE = Path(__file__).parent / "page"
INDEX = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
EMOJI_SIDE = 400
"""Pixels of an emoji's side."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' ws://{host}; media-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class PageFiles:
    """Answers what the page asks for.

    Args:
        avatars: folder with the user's own pictures, None for ferbeam's.

    Raises:
        UsageError: one of them is missing or cannot be read.
    """

    def __init__(self, avatars: Path | None = None) -> None:
        self._pictures = read_emoji(avatars)
        self._emoji = functools.cache(self._encode_emoji)

    def respond(self, rest: str, host: str) -> Response:
        """Answers a request.

        Args:
            rest: its path behind the token.
            host: its header `Host`, which was checked.
        """
        folder, _, name = rest.rpartition("/")
        if folder == "emoji" and name.endswith(".png") and name[:-4] in set("0123456"):
            return make_response(HTTPStatus.OK, self._emoji(int(name[:-4])), "image/png", host)
        file = self._find(INDEX if rest == "" else name if folder == "page" else "")
        if file is None:
            return refuse(HTTPStatus.NOT_FOUND, "nothing is here")
        return make_response(HTTPStatus.OK, file.read_bytes(), TYPES[file.suffix], host)

    def _find(self, name: str) -> Path | None:
        """Returns the file of the page with this name; compared with names, never opened by it."""
        for path in PAGE.iterdir() if name and PAGE.is_dir() else ():
            if path.name == name and path.suffix in TYPES:
                return path
        return None

    def _encode_emoji(self, emotion: int) -> bytes:
        file = io.BytesIO()
        Image.fromarray(fit_emoji(self._pictures[emotion], EMOJI_SIDE)).save(file, "PNG")
        return file.getvalue()


def make_response(status: HTTPStatus, body: bytes, kind: str, host: str) -> Response:
    """Puts an answer together; after it the connection ends."""
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Connection": "close",
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY.format(host=host),
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return Response(status.value, status.phrase, headers, body)


def refuse(status: HTTPStatus, reason: str) -> Response:
    """Refuses a request, with one line that says why."""
    body = f"ferbeam: {reason}\n".encode()
    return make_response(status, body, "text/plain; charset=utf-8", "127.0.0.1")
