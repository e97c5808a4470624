"""What `mkdocs build` does beside rendering: tables from the registries, equations as MathML, the README's pictures.

A page asks for a table by a comment with the name of a function of `TABLES`, and a line for who reads the file itself:

    <!-- generated: methods -->
    *Made as the pages are built; `python -m docs.tables methods` prints it.*
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

ASKED = re.compile(r"^<!-- generated: ([\w-]+) -->\n\*[^*]*`python -m docs\.tables \1`[^*]*\*$", re.MULTILINE)
PICTURES = ("assets/pictures", "pairx/assets/examples")
"""Folders beside the pages whose pictures they show."""
PARAGRAPH = re.compile(r"<p>[^<].*?</p>", re.DOTALL)
SUBJECT = re.compile(r"(<p>|[.;]\s)((?:[a-z]\w*, )*[a-z]\w*):(?=\s)")
EQUATION = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
BARS = {r"\lvert": r"\left|", r"\rvert": r"\right|", r"\lVert": r"\left\|", r"\rVert": r"\right\|"}
"""Of absolute values and norms, which stand close to what they enclose only so."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The README's and the app's pictures are pictures of the pages, too."""
    from mkdocs.structure.files import File

    for folder in PICTURES:
        for path in sorted(one for one in (ROOT / folder).iterdir() if one.suffix in (".jpg", ".webp")):
            files.append(File.generated(config, f"{folder}/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its tables."""
    for folder in PICTURES:
        markdown = markdown.replace(f"(../{folder}/", f"({folder}/").replace(f'"../{folder}/', f'"{folder}/')
    return with_tables(markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its equations and, in the reference, with what each paragraph of a docstring is about in bold."""
    return with_equations(with_subjects(html) if page.file.src_uri.startswith("api/") else html)


def with_tables(markdown: str) -> str:
    """Markdown with the tables that it asks for. Raises KeyError for one that there is not."""
    return ASKED.sub(lambda asked: TABLES[asked[1]](), markdown)


def with_subjects(page: str) -> str:
    """HTML in which `name: what it is` of a docstring, our form for parameters and fields, has the names in bold."""
    return PARAGRAPH.sub(lambda found: SUBJECT.sub(r"\1<strong>\2</strong>:", found[0]), page)


def with_equations(page: str) -> str:
    """HTML in which equations of LaTeX, as arithmatex marks them, are MathML, which browsers draw by themselves."""

    def drawn(found: re.Match[str]) -> str:
        display = "block" if found[1] == "div" else "inline"
        latex = html.unescape(found[2])
        for bar, fence in BARS.items():
            latex = latex.replace(bar, fence)
        return convert(latex, display=display)

    return EQUATION.sub(drawn, page)
