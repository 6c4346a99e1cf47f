"""Prefect's API in a process of its own, for one run, where no server is named.

It is started here and not by Prefect, so that it ends with the process that started it, however that ends: it reads a
pipe that closes with that process. It has a session of its own, as Ctrl-C on a terminal interrupts the whole process
group: the run still needs its API to report that it was interrupted.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from schemas.errors import WcdaError

_START_SECONDS = 120
"""How long the API may take to answer; it is 5 to 30 seconds."""

_STOP_SECONDS = 2
"""How long the API may take to end before it is killed: its database survives that."""


def start_embedded_api(log: Path) -> str:
    """Start the API, with Prefect's settings as in the environment of this process, and wait until it answers.

    Args:
        log: File for what it prints.

    Returns:
        Its URL.

    Raises:
        WcdaError: It ended, or does not answer.
    """
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as output:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        process = subprocess.Popen(  # noqa: S603 (this Python, with nothing of a person's)
            [sys.executable, "-P", "-m", "flows.embedded_api", str(listening.fileno())],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
    atexit.register(_stop, process)
    try:
        # A connection waits until the API accepts it, and fails when its process ends.
        with httpx.Client(trust_env=False, timeout=_START_SECONDS) as client:
            client.get(f"{url}/health").raise_for_status()
    except httpx.HTTPError as error:
        raise WcdaError(
            f"Prefect's embedded API did not start ({type(error).__name__}); {log} has what it printed; "
            "--direct runs without Prefect"
        ) from error
    _ask_without_proxy(url)
    return url


def _ask_without_proxy(url: str) -> None:
    """Let no proxy that the environment names come between this process and its own API.

    httpx takes the URL with its port, Python's own functions the host with its port; other ports are not touched.
    """
    root = url.removesuffix("/api")
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [os.environ[name]] if os.environ.get(name) else []
        os.environ[name] = ",".join([*hosts, root, root.removeprefix("http://")])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_pipe() -> None:
    """End this process when standard input closes, which is when the process that holds its other end has ended."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_SECONDS)
    os._exit(1)


def _serve(listening: socket.socket) -> None:
    os.environ |= {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    import uvicorn

    config = uvicorn.Config(
        "prefect.server.api.server:create_app",
        factory=True,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    threading.Thread(target=_end_with_pipe, daemon=True).start()
    _serve(socket.socket(fileno=int(sys.argv[1])))
