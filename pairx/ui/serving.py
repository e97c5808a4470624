"""Serves the app: what `pairx app` and `python app.py` do."""

from __future__ import annotations

import gc
import os

from pairx.types import InputError
from pairx.ui.app import build, launch_options
from pairx.ui.shared.library import Places


def serve(places: Places, host: str, port: int | None) -> None:
    """Serve the app until it is stopped. places: whose data it may open. port: None takes the first free one from 7860
    on. Raises InputError where the port is taken or the address is not this machine's."""
    # gradio asks its own server whether it runs, which no proxy can answer.
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    os.environ["no_proxy"] = ",".join(filter(None, [known, "localhost", "127.0.0.1"]))
    page, desk = build(places)
    # What was built stays: no collection, which stops all threads, has to look through it again.
    gc.collect()
    gc.freeze()
    try:
        page.launch(server_name=host, server_port=port, **launch_options(places, desk))
    except OSError as error:
        where = host if port is None else f"{host}:{port}"
        raise InputError(
            f"The app cannot listen on {where}: another program may have the port. Choose another with --port."
        ) from error
