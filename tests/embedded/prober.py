"""Another client, in a process of its own: it calls GetSession again and again.

    python prober.py ENDPOINT SESSION PID

It prints a line when it begins; and, when its stdin is closed, how many seconds of processor time
the server, which has that process id, has used at most while a call waited for its answer.
"""

import sys
import threading

import psutil
from armonik.common.channel import create_channel
from armonik.protogen.client.sessions_service_pb2_grpc import SessionsStub
from armonik.protogen.common.sessions_common_pb2 import GetSessionRequest


def main() -> None:
    endpoint, session_id, pid = sys.argv[1:]
    server = psutil.Process(int(pid))
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
            before = server.cpu_times()
            sessions.GetSession(request, timeout=60)
            after = server.cpu_times()
            worst = max(worst, after.user + after.system - before.user - before.system)
            over.wait(0.005)
    print(worst, flush=True)


if __name__ == "__main__":
    main()
