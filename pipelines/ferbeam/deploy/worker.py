"""One worker process of the pool."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import traceback


def run_worker(control_url: str, worker_id: str) -> None:
    """Works for a control endpoint until it is gone, or the pool is."""
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    threading.Thread(target=_end_with_pool, daemon=True).start()
    code = 1
    try:
        SdkHarness(control_url, worker_id=worker_id).run()
        code = 0
    finally:
        if code:
            sys.stderr.write(f"worker {worker_id}: {traceback.format_exc(limit=-1)}\n")
        # At once: threads that still work for a task manager that is gone would keep it alive.
        sys.stderr.flush()
        os._exit(code)


def _end_with_pool() -> None:
    pool = multiprocessing.parent_process()
    if pool is not None:
        pool.join()
        os._exit(1)
