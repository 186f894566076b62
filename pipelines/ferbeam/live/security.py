"""Who may talk to the live page: only a browser on this machine that was given the address."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping

MAX_MESSAGE = 1 << 20
"""Bytes of the largest message."""

MAX_RATE = 60
"""Messages a second."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def make_token() -> str:
    """Returns what nobody can guess, 128 random bits, for the address of the page."""
    return secrets.token_urlsafe(16)


def is_loopback(host: str) -> bool:
    """Tells whether a host name or address is this machine for itself alone."""
    if host.lower() == "localhost":
        return True
    address = _address_of(host)
    return address is not None and address.is_loopback


class Gate:
    """Decides on requests by their address, `Host` and `Origin`.

    A page of another site may send requests to 127.0.0.1, and by a name of its own that leads
    there (DNS rebinding) even read the answers. So `Host` must be an address, not a foreign name,
    `Origin` must be the same, and the path must begin with the token.

    Args:
        token: first part of every path.
        host: where the server listens.
        port: where the server listens.
    """

    def __init__(self, token: str, host: str, port: int) -> None:
        self._token, self._host, self._port = token, host.lower(), port

    def refuse(self, path: str, headers: Mapping[str, str], needs_origin: bool) -> str | None:
        """Returns why a request is refused, None where it is not.

        Args:
            path: of the request, with its first slash.
            headers: by name in any case; a name that is there twice counts as wrong.
            needs_origin: whether `Origin` must be there, as it always is from a WebSocket of a
                browser.
        """
        try:
            host, origin = headers.get("Host", ""), headers.get("Origin")
        except LookupError:
            return "Host or Origin is there twice"
        if not self._is_own(host):
            return "Host: is not this server"
        if (needs_origin or origin is not None) and origin != f"http://{host}":
            return "Origin: is not this page"
        given = path.partition("?")[0].removeprefix("/").partition("/")[0]
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            return "the address is not the one that ferbeam live has printed"
        return None

    def rest_of(self, path: str) -> str:
        """Returns what follows the token in a path, without a query."""
        return path.partition("?")[0].removeprefix(f"/{self._token}/")

    def _is_own(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        name = name.removeprefix("[").removesuffix("]").lower()
        if port != str(self._port):
            return False
        if name in LOOPBACK_NAMES or name == self._host:
            return True
        # Listening on all addresses, any of them may be meant; a name never.
        return not is_loopback(self._host) and _address_of(name) is not None


def _address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class RateLimit:
    """Says how long to leave messages unread, so that no more than so many a second are read.

    What is not read fills the sender's own memory, and no other (RFC 9293, section 3.8.6).

    Args:
        rate: messages a second.
        burst: that may come at once, as after a hitch of the network.
    """

    def __init__(self, rate: float = MAX_RATE, burst: int = 5) -> None:
        self._step, self._credit = 1 / rate, burst / rate
        self._next = 0.0

    def wait_for(self, now: float) -> float:
        """Counts a message that came at a time in seconds; returns the seconds to wait after it."""
        self._next = max(self._next, now - self._credit) + self._step
        return max(0.0, self._next - now)
