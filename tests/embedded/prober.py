"""Another client, in a process of its own: it calls GetSession again and again.

    python prober.py ENDPOINT SESSION

It prints a line when it begins; and, when its stdin is closed, how many seconds the slowest call
took.
"""

from __future__ import annotations

import sys
import threading
import time

from armonik.common.channel import create_channel
from armonik.protogen.client.sessions_service_pb2_grpc import SessionsStub
from armonik.protogen.common.sessions_common_pb2 import GetSessionRequest


def main() -> None:
    endpoint, session_id = sys.argv[1:]
    request = GetSessionRequest(session_id=session_id)
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    with create_channel(endpoint) as channel:
        sessions = SessionsStub(channel)
        sessions.GetSession(request, timeout=20)
        threading.Thread(target=wait, daemon=True).start()
        print("begun", flush=True)
        worst = 0.0
        while not over.is_set():
            start = time.perf_counter()
            sessions.GetSession(request, timeout=60)
            worst = max(worst, time.perf_counter() - start)
            over.wait(0.005)
    print(worst, flush=True)


if __name__ == "__main__":
    main()
