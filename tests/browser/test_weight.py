"""What the page weighs on the way to the browser."""

import re
import urllib.request
from urllib.parse import urljoin

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def sent(url: str) -> tuple[int, dict[str, str]]:
    """Bytes on the way, and the headers."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return len(answer.read()), {name.lower(): value for name, value in answer.headers.items()}


def test_the_page_and_its_scripts_are_compressed_and_below_300_kb(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        page = answer.read().decode()
    modules = re.findall(r'modulepreload." href=."([^"\\]+)', page)
    assert len(modules) > 20
    size, headers = sent(address)
    assert headers["content-encoding"] == "gzip"
    assert size + sum(sent(urljoin(address, module))[0] for module in modules) < 300_000
