"""The process that does work apart: it may crash or hang, and nobody else does."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from math import inf
from multiprocessing.connection import Connection

from fer_core.detection.detector import limit_threads
from ferbeam.guard.watchdog import guarded, on_beat


def _end_with_parent(orders: Connection) -> None:
    """Ends this process once the one that gave the order is gone."""
    try:
        orders.recv()
    except (EOFError, OSError):
        os._exit(1)


def _sendable(error: Exception) -> Exception:
    """Returns an error, or one that says the same where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  (some take other arguments than they keep)
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def main() -> None:
    """Does the work that is sent, and sends back its signs of life and its results."""
    orders = Connection(int(sys.argv[1]))
    os.dup2(2, 1)  # a decoder may print
    limit_threads()
    work, args = orders.recv()
    threading.Thread(target=_end_with_parent, args=(orders,), daemon=True).start()
    on_beat(lambda at: orders.send(("at", at)))
    try:
        with guarded("reading apart", inf):
            for result in work(*args):
                orders.send(("result", result))
        orders.send(("done", None))
    except Exception as error:  # noqa: BLE001  (whoever gave the order raises it)
        orders.send(("error", _sendable(error)))
    os._exit(0)


if __name__ == "__main__":
    main()
