"""What a stranger may try against a running app."""

from __future__ import annotations

import inspect
import io
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

import pairx
from pairx.testing import smooth_noise
from pairx.ui.api import ExplainApi
from pairx.ui.app import build, launch_options
from pairx.ui.gate import ELSEWHERE, FOREIGN, NO_ADDRESS, PROXY, OwnMachineOnly, is_own_machine, refusal
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.shared import sweeping
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.session import AppState


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An app for the person at this machine."""
    places = Places(None, tmp_path_factory.mktemp("runs"), own_machine=True)
    small = pytest.MonkeyPatch()
    small.setattr(pairx, "load_model", partial(pairx.load_model, size=64))
    page, desk = build(places)
    options = launch_options(places, desk)
    _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
        yield client
    page.close()
    small.undo()


def png(seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(smooth_noise(seed)).save(file, "PNG")
    return file.getvalue()


def upload(client: httpx.Client, name: str = "photo.png", data: bytes | None = None, **how) -> httpx.Response:
    return client.post("/gradio_api/upload", files={"files": (name, data or png(), "image/png")}, **how)


def explain(client: httpx.Client, *photos: str, **options) -> str:
    """What the endpoint ends with when it is called with these paths: the last line of its stream."""
    files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in photos]
    known = inspect.signature(ExplainApi.explain).parameters.values()
    given = {one.name: one.default for one in known if one.default is not one.empty} | options
    begun = client.post("/gradio_api/call/explain", json={"data": [*files, *given.values()]})
    if begun.status_code != 200:
        return begun.text
    return client.get(f"/gradio_api/call/explain/{begun.json()['event_id']}").text


@pytest.mark.slow
def test_who_keeps_to_the_rules_is_answered(served):
    """Without this, what is refused below might be refused for another reason."""
    photos = [upload(served, f"{i}.png", png(i)).json()[0] for i in range(2)]
    said = explain(served, *photos, lines=5, colors=1)
    assert "event: complete" in said and '"similarity"' in said


# Who asks.


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "localhost"), ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=127.0.0.1"), ("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"),
        ("CF-Connecting-IP", "127.0.0.1"), ("True-Client-IP", "::1"),
    ],
    ids=lambda one: one[0],
)  # fmt: skip
def test_what_came_through_a_proxy_is_not_the_person_at_this_machine(served, header):
    for answer in (served.get("/", headers=[header]), upload(served, headers=[header])):
        assert answer.status_code == 403 and answer.text == PROXY


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7860", "", "[::"])
def test_another_name_that_leads_here_is_refused(served, host):
    """DNS rebinding: a page of that name would count as the app's own."""
    answer = served.get("/config", headers={"Host": host})
    assert answer.status_code in (400, 403) and (not host or answer.status_code == 400 or answer.text == FOREIGN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=str,
)  # fmt: skip
def test_another_sites_page_gets_nothing_and_changes_nothing(served, headers):
    before = set(Path(get_upload_folder()).rglob("planted.png"))
    for answer in (upload(served, "planted.png", png(7), headers=headers), served.get("/config", headers=headers)):
        assert answer.status_code == 403 and answer.text == ELSEWHERE
    assert set(Path(get_upload_folder()).rglob("planted.png")) == before


def test_the_own_page_a_followed_link_and_a_program_are_let_in(served):
    host = served.base_url.netloc.decode()
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    own = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    for headers in (link, own, {}):
        assert served.get("/config", headers=headers).status_code == 200
    assert upload(served, headers=own).status_code == 200
    assert refusal({"host": "localhost:7860"}) == refusal({"host": "[::1]:7860"}) == ""


@pytest.mark.parametrize(
    ("environment", "own"),
    [
        ({}, True), ({"GRADIO_SERVER_NAME": "localhost"}, True), ({"GRADIO_SERVER_NAME": "::1"}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, False), ({"GRADIO_SERVER_NAME": "::"}, False),
        ({"GRADIO_SERVER_NAME": "192.168.1.5"}, False), ({"SPACE_ID": "a/b"}, False), ({"GRADIO_SHARE": "True"}, False),
        ({"GRADIO_SHARE": "1"}, False), ({"PAIRX_SHARED": "1"}, False), ({"GRADIO_ROOT_PATH": "/app"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_when_paths_may_be_typed(environment, own):
    assert is_own_machine(environment) is own


def test_an_app_for_others_is_not_behind_the_gate(tmp_path):
    places = Places(None, tmp_path, own_machine=False)
    layers = launch_options(places, ReviewDesk(AppState(), Library(places)))["app_kwargs"]["middleware"]
    assert OwnMachineOnly not in {layer.cls for layer in layers}


# Files and addresses.


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=../../../../etc/passwd", "/gradio_api/file=app.py",
        "/gradio_api/file=%2e%2e/%2e%2e/etc/passwd", "/file=/etc/passwd", "/static/../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/gradio_api/file=file:///etc/passwd",
        "/gradio_api/proxy=http://169.254.169.254/latest", "/gradio_api/file=http://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_no_file_outside_and_no_address_is_served(served, path):
    answer = served.get(path)
    assert answer.status_code in (307, 400, 403, 404) and b"root:" not in answer.content
    assert "169.254" not in answer.headers.get("location", "") or answer.status_code >= 400


@pytest.mark.parametrize("name", ["../../planted.png", "/etc/planted.png", "..\\planted.png", "a\0planted.png"])
def test_an_upload_stays_in_its_folder(served, name):
    answer = upload(served, name)
    inside = Path(get_upload_folder()).resolve()
    assert answer.status_code in (200, 400, 500)
    if answer.status_code == 200:
        assert all(Path(one).resolve().is_relative_to(inside) for one in answer.json())


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/x.png", "http://localhost/x.png",
        "http://[::1]/x.png", "http://2130706433/x.png", "http://example.org/x.png", "https://example.org/x.png",
    ],
)  # fmt: skip
def test_no_address_is_fetched_for_a_caller(served, address, monkeypatch):
    def asked(*_: object, **__: object):
        raise AssertionError("something was fetched")

    monkeypatch.setattr(httpx.AsyncClient, "send", asked)
    (own,) = upload(served).json()
    assert NO_ADDRESS in explain(served, address, own)


@pytest.mark.parametrize("path", ["file:///etc/passwd", "/etc/passwd", "../../etc/passwd", "ftp://x/y", "data:,x", ""])
def test_no_path_of_this_machine_is_opened_for_a_caller(served, path):
    (own,) = upload(served).json()
    said = explain(served, path, own)
    assert "event: error" in said and "root:" not in said


@pytest.mark.parametrize(
    "options",
    [
        {"lines": 10**9}, {"colors": 10**9}, {"lines": -1}, {"colors": "1e9"}, {"lines": None}, {"model": "x" * 10**6},
        {"model": "../../etc"}, {"layer": "x" * 10**6}, {"cells": "all"}, {"figure": "../../x"}, {"figure": "exe"},
        {"start": ["activation"] * 1000}, {"colors": {"a": 1}}, {"lines": 1.0e308},
    ],
    ids=lambda one: str(one)[:40],
)  # fmt: skip
def test_options_out_of_range_are_refused_before_any_work(served, options):
    photos = [upload(served, f"{i}.png", png(i)).json()[0] for i in range(2)]
    begun = time.monotonic()
    said = explain(served, *photos, **options)
    assert "event: error" in said and len(said) < 5000 and '"error": null' not in said
    assert time.monotonic() - begun < 20


def test_uploads_that_nobody_uses_are_deleted(app_state, tmp_path, monkeypatch):
    unused, used, young = (tmp_path / f"{name}.png" for name in ("unused", "used", "young"))
    for path in (unused, used, young):
        path.write_bytes(png())
    page = SimpleNamespace(upload_file_set={str(unused), str(used), str(young), "gone"})
    app_state.shelf.open(used, "used.png")
    later = time.time() + sweeping.UNUSED_SECONDS
    born = sweeping._born_and_size
    monkeypatch.setattr(sweeping, "_born_and_size", lambda path: (later, 10) if path == young else born(path))
    sweeping.sweep(page, app_state.shelf, later + 1)
    assert not unused.exists() and used.exists() and young.exists()
    monkeypatch.setattr(sweeping, "MOST_BYTES", 1)
    sweeping.sweep(page, app_state.shelf, later + 1)
    assert used.exists() and not young.exists(), "too much in all"
