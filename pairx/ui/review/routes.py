"""The addresses of the Review tab, beside gradio's own: a decision is acknowledged when it is on disk, and the page
shows the next pair after that."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from pairx.types import InputError
from pairx.ui.review.beside import Beside
from pairx.ui.review.closer import Closer
from pairx.ui.review.desk import LONGEST, ROOT, ReviewDesk
from pairx.ui.shared.session import AT_ONCE

log = logging.getLogger(__name__)
OUR_FAULT = "This could not be done: a fault of ours. What was decided before is kept."
MOST_BYTES = 64 * 1024


class ReviewRoutes:
    """Middleware: answers what lies below ROOT, and leaves the rest to the app."""

    def __init__(self, app: ASGIApp, desk: ReviewDesk) -> None:
        self.app = app
        self.desk = desk
        self.beside, self.closer = Beside(desk), Closer(desk)
        self.explaining = asyncio.Semaphore(AT_ONCE)
        self.router = Router(
            [
                Route(f"/{ROOT}/{{name}}/queue", self.queue),
                Route(f"/{ROOT}/{{name}}/decide", self.decide, methods=["POST"]),
                Route(f"/{ROOT}/{{name}}/undo", self.undo, methods=["POST"]),
                Route(f"/{ROOT}/{{name}}/others", self.others),
                Route(f"/{ROOT}/{{name}}/photo", self.photo),
                Route(f"/{ROOT}/{{name}}/scene", self.scene),
                Route(f"/{ROOT}/{{name}}/point", self.point),
                Route(f"/{ROOT}/{{name}}/versus", self.versus),
                Route(f"/{ROOT}/{{name}}/warnings", self.warnings),
                Route(f"/{ROOT}/{{name}}/share", self.share),
                Route(f"/{ROOT}/{{name}}/region", self.region, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(f"/{ROOT}/")
        await (self.router if ours else self.app)(scope, receive, send)

    async def queue(self, request: Request) -> Response:
        """GET ?reviewer=&limit=&conflicts=: the next pairs, or those on which reviewers differ."""
        query = request.query_params
        given = query.get("reviewer", ""), _whole(query.get("limit"), 20), "conflicts" in query
        return await _answer(self.desk.queue, _name(request), *given)

    async def decide(self, request: Request) -> Response:
        """POST a `ReviewDecision`: its answer comes when it is on disk."""
        return await self._posted(request, self.desk.decide)

    async def undo(self, request: Request) -> Response:
        """POST a `ReviewUndo`."""
        return await self._posted(request, self.desk.undo)

    async def others(self, request: Request) -> Response:
        """GET ?id=&query=: the photographs of an individual, those most similar to the query first."""
        query = request.query_params
        return await _answer(self.closer.others, _name(request), query.get("id", ""), query.get("query", ""))

    async def photo(self, request: Request) -> Response:
        """GET ?id=&longest=: a JPEG."""
        query = request.query_params
        given = _name(request), query.get("id", ""), _whole(query.get("longest"), LONGEST)
        try:
            data = await run_in_threadpool(self.desk.photo, *given)
        except InputError as error:
            return JSONResponse({"error": str(error)}, 404)
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})

    async def scene(self, request: Request) -> Response:
        """GET ?query=&candidate=&ahead=: PAIR-X. ahead: for a pair that is not on show yet."""
        query = request.query_params
        pair = _name(request), query.get("query", ""), query.get("candidate", "")

        if "ahead" in query:
            return await self._told(request, self.desk.scene)
        async with self.explaining:
            if await request.is_disconnected():
                return Response(status_code=204)
            return await _answer(self.desk.scene_now, *pair)

    async def point(self, request: Request) -> Response:
        """GET ?query=&candidate=&side=&place=x0,y0,x1,y1: what the other photograph answers to a place."""
        query = request.query_params
        place = [_fraction(text) for text in query.get("place", "").split(",")]
        given = query.get("query", ""), query.get("candidate", ""), _whole(query.get("side"), -1), place
        return await _answer(self.desk.point, _name(request), *given)

    async def versus(self, request: Request) -> Response:
        """GET ?query=&candidate=: the candidate against the best other one of its query."""
        query = request.query_params
        async with self.explaining:
            if await request.is_disconnected():
                return Response(status_code=204)
            given = query.get("query", ""), query.get("candidate", "")
            return await _answer(self.closer.versus, _name(request), *given)

    async def warnings(self, request: Request) -> Response:
        """GET ?query=&candidate=: what to beware of in a pair, once the machine has time for it."""
        return await self._told(request, self.beside.warnings)

    async def share(self, request: Request) -> Response:
        """GET ?query=&candidate=: what speaks for a pair, once the machine has time for it."""
        return await self._told(request, self.beside.share)

    async def region(self, request: Request) -> Response:
        """POST a `ReviewRegionAsked`: the candidates in the order of a part of the query."""
        return await self._posted(request, self.closer.by_region)

    async def _told(self, request: Request, tell: Callable[..., Awaitable[Any]]) -> Response:
        query = request.query_params

        async def wanted() -> bool:
            return not await request.is_disconnected()

        try:
            found = await tell(_name(request), query.get("query", ""), query.get("candidate", ""), wanted)
        except InputError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(found) if found else Response(status_code=204)

    async def _posted(self, request: Request, act: Callable[..., Any]) -> Response:
        # Another site's page cannot send this type without asking first.
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "Send JSON."}, 415)
        body = await request.body()
        if len(body) > MOST_BYTES:
            return JSONResponse({"error": "This is too long."}, 413)
        try:
            sent = await request.json()
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            return JSONResponse({"error": "Send one JSON object."}, 400)
        return await _answer(act, _name(request), sent)


async def _answer(act: Callable[..., Any], *given: Any) -> Response:
    try:
        return JSONResponse(await run_in_threadpool(act, *given))
    except InputError as error:
        return JSONResponse({"error": str(error)}, 400)
    except Exception:
        log.exception("the Review tab was not answered")
        return JSONResponse({"error": OUR_FAULT}, 500)


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default


def _fraction(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
