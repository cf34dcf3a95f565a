"""One web process; several may serve the same port, the kernel shares new connections out among them.

python -m web --port PORT
"""

import argparse
import socket

import uvicorn

BACKLOG = 2048
#: Pages that listen for events never end by themselves.
PATIENCE_SECONDS = 2


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m web", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    config = uvicorn.Config(
        "web.app:app", access_log=False, timeout_graceful_shutdown=PATIENCE_SECONDS, backlog=BACKLOG
    )
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        door.bind(("127.0.0.1", options.port))
        uvicorn.Server(config).run(sockets=[door])


if __name__ == "__main__":
    main()
