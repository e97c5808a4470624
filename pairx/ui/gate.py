"""Who is let in. An app for the person at this machine answers no request that may come from anybody else; no app
fetches an address for a caller.

A person at this machine may type any path, so that "who asks" must not rest on the address of the peer: a proxy beside
the app has the same, and a page of another site that the person visits asks from the person's own browser.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import gradio as gr
from gradio import processing_utils
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

FORWARDED = ("forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip")
LOCAL = ("localhost", "127.0.0.1", "::1")
PROXY = (
    "This app serves only the person at this machine, and this request came through a proxy. To serve others, start "
    "it with PAIRX_SHARED=1: then nobody can type paths or start runs.\n"
)
FOREIGN = "This app serves only the person at this machine: open it as http://localhost or http://127.0.0.1.\n"
ELSEWHERE = "This app serves only its own page, and this request was made by another site's.\n"


NO_ADDRESS = "This app fetches nothing from an address: upload the file itself, as handle_file(path)."


def fetch_nothing() -> None:
    """From now on an address that a caller gives in place of a file is refused, whatever it leads to, by every
    component: gradio would have this machine ask for it."""

    async def refuse(*_: object, **__: object) -> str:
        raise gr.Error(NO_ADDRESS, print_exception=False)

    def refuse_at_once(*_: object, **__: object) -> str:
        raise gr.Error(NO_ADDRESS, print_exception=False)

    processing_utils.async_ssrf_protected_download = refuse
    processing_utils.ssrf_protected_download = processing_utils.save_url_to_cache = refuse_at_once


def is_own_machine(environment: Mapping[str, str]) -> bool:
    """Whether an app of this environment serves only the person at this machine: it listens on this machine's own
    address (GRADIO_SERVER_NAME), and is neither a Space, nor shared by gradio, nor behind a proxy as far as known
    (PAIRX_SHARED, GRADIO_ROOT_PATH)."""
    name = environment.get("GRADIO_SERVER_NAME") or LOCAL[1]
    shared = any(environment.get(one, "").lower() in ("1", "true", "yes") for one in ("PAIRX_SHARED", "GRADIO_SHARE"))
    return name in LOCAL and not (shared or environment.get("SPACE_ID") or environment.get("GRADIO_ROOT_PATH"))


def refusal(headers: Mapping[str, str]) -> str:
    """Why a request is not the own page's at this machine; "" where it is. headers: by lower-case name."""
    if any(name in FORWARDED or name.startswith("x-forwarded") for name in headers):
        return PROXY
    host = headers.get("host", "")
    if not _is_local(host):
        return FOREIGN  # another name that leads here: a page of that name would count as this one's
    origin = headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return ELSEWHERE
    site, target = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-dest", "document")
    followed = headers.get("sec-fetch-mode") == "navigate" and target == "document"  # a link, not a frame
    return "" if site in ("none", "same-origin") or followed else ELSEWHERE


def _is_local(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class OwnMachineOnly:
    """Middleware: what `refusal` names is answered with 403 and its sentence, before anything is read or run."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        why = refusal(dict(Headers(scope=scope))) if scope["type"] in ("http", "websocket") else ""
        if not why:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(why, 403)(scope, receive, send)
