"""What `mkdocs build` does beside rendering: tables from the registries, equations as MathML, the README's pictures.

A page asks for a table by a comment of its own, `<!-- generated: methods -->`, with the name of a function of `TABLES`.
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latex2mathml.converter import convert

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # mkdocs starts without the checkout on the path

from docs.tables import TABLES  # noqa: E402

ASKED = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
PICTURES = "assets/pictures"
EQUATION = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The README's pictures are pictures of the pages, too."""
    from mkdocs.structure.files import File

    for path in sorted((ROOT / PICTURES).glob("*.jpg")):
        files.append(File.generated(config, f"{PICTURES}/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its tables."""
    return with_tables(markdown).replace(f"](../{PICTURES}/", f"]({PICTURES}/")


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its equations."""
    return with_equations(html)


def with_tables(markdown: str) -> str:
    """Markdown with the tables that it asks for. Raises KeyError for one that there is not."""
    return ASKED.sub(lambda asked: TABLES[asked[1]](), markdown)


def with_equations(page: str) -> str:
    """HTML in which equations of LaTeX, as arithmatex marks them, are MathML, which browsers draw by themselves."""

    def drawn(found: re.Match[str]) -> str:
        display = "block" if found[1] == "div" else "inline"
        return convert(html.unescape(found[2]), display=display)

    return EQUATION.sub(drawn, page)
