"""Opens the live page in the user's browser, and lets nobody else see its address."""

from __future__ import annotations

import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from threading import Thread

PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>ferbeam live</title>
<a href="{url}">ferbeam live</a>
"""


@contextmanager
def opened(url: str) -> Iterator[None]:
    """Opens a page in the browser, in the background.

    All users of a machine can read its command lines, the browser's among them, and the address
    holds the secret of the page. So the browser is sent to a file that only this user can read,
    and that leads on to the page; it is there as long as the page is.

    Args:
        url: of the page.
    """
    with tempfile.TemporaryDirectory(prefix="ferbeam-", ignore_cleanup_errors=True) as folder:
        file = Path(folder, "live.html")
        file.touch(0o600, exist_ok=False)
        file.write_text(PAGE.format(url=escape(url)), encoding="utf-8")
        Thread(target=_open, args=(file.as_uri(),), daemon=True).start()
        yield


def _open(address: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(address)
