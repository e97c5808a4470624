"""How much memory the whole app takes while it explains.

    python -m benchmarks.memory [--explanations 100]

Serves `app.py`, asks its API for explanations of different pairs of the sample herd, and prints the resident memory of
the processes of the app after 1, 10, 20, … of them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
from gradio_client import Client, handle_file

from pairx.datasets import load_herd

ROOT = Path(__file__).resolve().parents[1]


def resident(process: psutil.Process) -> float:
    """GiB of a process and its children."""
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 2**30


def serve(port: int, checkout: Path = ROOT, **environment: str) -> subprocess.Popen:
    """The app of a checkout in a process of its own, answering. environment: variables beside our own."""
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), **environment}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=checkout, env=environment, stdout=subprocess.DEVNULL)
    for _ in range(2400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    process.kill()
    raise TimeoutError("the app did not start within two minutes")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--explanations", type=int, default=100)
    arguments = parser.parse_args()
    port = free_port()
    process = serve(port)
    try:
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        paths = [str(path) for path in load_herd().table["path"]]
        pairs = itertools.islice(itertools.combinations(paths, 2), 0, None, 7)
        print(f"{'explanations':>12} {'GiB':>6} {'seconds':>8}")
        started = time.perf_counter()
        for number, (a, b) in enumerate(itertools.islice(pairs, arguments.explanations), start=1):
            client.predict(handle_file(a), handle_file(b), api_name="/explain")
            if number == 1 or number % 10 == 0:
                seconds = time.perf_counter() - started
                print(f"{number:12} {resident(psutil.Process(process.pid)):6.2f} {seconds:8.0f}", flush=True)
    finally:
        process.terminate()


if __name__ == "__main__":
    main()
