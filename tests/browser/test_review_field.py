"""Reviews in Chromium as the field does them: from Wildbook and back, and by a part of the query."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pairx.datasets import load_dataset

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READY = ".px-review.px-ready[data-key]"
SAMPLE = load_dataset("sample").table.set_index("image_id")


def reviewing(open_page, **window):
    """The tab Review, with a name."""
    page = open_page(**window)
    page.evaluate("localStorage.setItem('px-reviewer', 'Ada')")
    page.reload()
    page.wait_for_selector(".px-viewer.px-ready")
    page.get_by_role("tab", name="Review").click()
    return page


def begin(page, name: str, dataset: str = "", candidates: int = 3) -> None:
    """Begin a review as a person does."""
    page.get_by_role("button", name="New review").click()
    if dataset:
        page.get_by_label("Data set").last.fill(dataset)
        page.get_by_label("Data set").last.press("Enter")
    page.get_by_label("Candidates of a query").fill(str(candidates))
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("#px-begin-review").click()
    page.wait_for_function("name => document.querySelector('[aria-label=Review]').value === name", arg=name)
    page.wait_for_selector(READY)


def press(page, key: str) -> None:
    """A verdict, until the next pair shows, or that there is none."""
    before = page.locator(".px-review").get_attribute("data-key")
    page.keyboard.press(key)
    page.wait_for_function("before => document.querySelector('.px-review').dataset.key !== before", arg=before)


def exported(page, table: str) -> Path:
    """The file of a table of the review on show."""
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Table", exact=True).click()
    page.get_by_role("option", name=table).click()
    with page.expect_download() as download:
        page.locator("#px-export-review").click()
    return Path(download.value.path())


def wildbook(folder: Path) -> Path:
    """Six photographs of two animals as Wildbook exports them; of one it does not know who it is."""
    ids = ["zuri-1", "zuri-2", "zuri-3", "otis-1", "otis-2", "otis-3"]
    rows = SAMPLE.loc[ids]
    names = [f"{one} photo.jpg" for one in ids]
    for path, name in zip(rows["path"], names, strict=True):
        shutil.copy(path, folder / name)
    table = pd.DataFrame(
        {
            "Encounter.mediaAsset0": names,
            "Annotation0.ViewPoint": rows["orientation"].to_numpy(),
            "Name0.value": ["", *rows["identity"][1:]],
            "Encounter.mediaAsset0.imageUrl": "",
            "Annotation0.bbox": "[20, 20, 400, 300]",
            "Annotation0.MatchAgainst": "true",
            "Encounter.genus": "Equus",
            "Encounter.specificEpithet": "quagga",
            "Encounter.year": "2026",
            "Encounter.month": "5",
        }
    )
    table.to_excel(folder / "export.xlsx", index=False)
    return folder / "export.xlsx"


def test_an_export_of_wildbook_is_reviewed_by_keys_and_written_back(open_page, tmp_path):
    page = reviewing(open_page)
    begin(page, "wildbook", str(wildbook(tmp_path)))
    while pair := page.locator(".px-review").get_attribute("data-key"):
        query, candidate = (one.split("-")[0] for one in json.loads(pair))
        press(page, "y" if query == candidate else "n")
    page.get_by_text("Every pair of this review is decided by you.").wait_for()
    shutil.copy(exported(page, "Wildbook's bulk import"), tmp_path / "back.csv")
    back = load_dataset(tmp_path / "back.csv").table
    assert list(back["identity"]) == ["Zuri"] * 3 + ["Otis"] * 3, "who was not known is Zuri"
    assert set(back["species"]) == {"Equus quagga"} and set(back["date"]) == {"2026-05"}
    assert page.get_by_text("Wildbook asks for a place").is_visible()


@pytest.mark.parametrize("window", [{}, {"width": 390, "height": 844, "touch": True}], ids=["wide", "telephone"])
def test_a_box_on_the_query_sorts_its_candidates_and_they_come_back(open_page, app_folder, window):
    page = reviewing(open_page, **window)
    if not (app_folder / "reviews" / "regions").exists():
        begin(page, "regions", candidates=8)
    page.wait_for_selector(READY)
    cards = page.locator(".px-candidate bdi")
    before = cards.all_inner_texts()
    page.get_by_role("button", name="Region").click()
    box = page.locator(".px-review .px-frame").first.bounding_box()
    at = [(box["x"] + part * box["width"], box["y"] + part * box["height"]) for part in (0.4, 0.6)]
    if window:
        page.touchscreen.tap(*at[0])
    else:
        page.mouse.move(*at[0])
        page.mouse.down()
        page.mouse.move(*at[1], steps=4)
        page.mouse.up()
    page.get_by_text("Candidates in the order of the box").wait_for()
    added = [float(text.split("box ")[1].split(" ")[0].replace("−", "-")) for text in cards.all_inner_texts()]
    assert len(added) == len(before) and added == sorted(added, reverse=True)
    page.get_by_role("button", name="Back to the order by similarity").click()
    assert cards.all_inner_texts() == before
    assert not page.get_by_text("Candidates in the order of the box").is_visible()
