"""The jobs that people come with, done in Chromium as by a person with the fewest clicks and keys.

    python -m benchmarks.jobs [--jobs abcdefgh]

Serves the app and does each job at 1440 px by pointer and keyboard, and at 390 px by finger. Prints a table of clicks
(a file that is chosen or a tap is one), keys (pasted text is one) and seconds, in which nobody reads or thinks, beside
what the app's review found before the tabs were drawn anew; then the seconds until the first picture when the page is
opened again. Photographs are the first individuals of `PAIRX_DATA`/nyala where there is one, of the sample herd
otherwise.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, sync_playwright

from benchmarks.explore import ARGS
from benchmarks.memory import free_port, serve
from pairx.datasets import load_herd

SIZES = ((1440, 900), (390, 844))
PATIENCE = 180_000  # ms
READY = ".px-viewer.px-ready"
FRESH = "!document.querySelector('.px-viewer').classList.contains('px-stale')"
COMPARED = "/there\\.$/.test(document.querySelector('.px-board .px-notice').textContent)"
DECIDED = "(count) => document.querySelector('.px-review-head').textContent.includes(`${count} of`)"


class Person:
    """Acts on a page, and counts. own: a folder with a folder of photographs for each individual."""

    def __init__(self, page: Page, address: str, own: Path) -> None:
        self.page, self.address, self.own = page, address, own
        self.photographs = sorted(own.rglob("*.jpg"))
        self.clicks = self.keys = 0
        self.narrow = page.viewport_size["width"] < 900

    def click(self, target: str | Locator) -> None:
        """One click, or tap."""
        found = self.page.locator(target) if isinstance(target, str) else target
        found.locator("visible=true").first.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        """One key."""
        self.page.keyboard.press(key)
        self.keys += 1

    def paste(self, label: str, text: str) -> None:
        """A text into a field, kept by Enter."""
        field = self.page.get_by_label(label, exact=True).locator("visible=true").first
        field.fill(text)
        field.press("Enter")
        self.clicks += 1
        self.keys += 2

    def give(self, letter: str, path: Path) -> None:
        """A photograph of one's own into a well."""
        with self.page.expect_file_chooser() as chooser:
            self.click(self.page.get_by_role("button", name=f"photograph {letter}").filter(has_text="e"))
        chooser.value.set_files(path)
        self.clicks += 1
        self.page.wait_for_function(
            "([side, name]) => pairx.values?.[side]?.orig_name === name", arg=["AB".index(letter), path.name]
        )

    def tab(self, name: str) -> None:
        """Go to a tab."""
        self.click(self.page.get_by_role("tab", name=name))

    def sheet(self, name: str = "Done") -> None:
        """Where the controls are a sheet, open it by its name, or be done with it."""
        if self.narrow:
            self.click(self.page.get_by_role("button", name=name))


def own_pair(person: Person) -> None:
    first, second = person.photographs[:2]
    person.give("A", first)
    person.give("B", second)
    person.page.wait_for_function(FRESH)
    person.page.wait_for_function(f"document.querySelector('.px-name').textContent.includes({first.stem!r})")


def ten_candidates(person: Person) -> None:
    page = person.page
    person.tab("Review")
    person.sheet("Reviews")
    person.click(person.page.get_by_text("New review", exact=True))
    person.click("#px-begin-review")
    page.wait_for_selector(".px-review.px-ready", state="attached")
    person.sheet()
    decide(person, ["no_match"] * 10)


def decide(person: Person, verdicts: list[str]) -> None:
    """By key or by finger."""
    page = person.page
    person.paste("Your name", f"Ada {page.viewport_size['width']}")
    person.click(".px-review .px-stage")  # what is typed now are verdicts
    keys = {"match": "y", "no_match": "n", "unsure": "u"}
    for count, verdict in enumerate(verdicts):
        page.wait_for_selector(".px-review.px-ready[data-key]")
        page.wait_for_function(DECIDED, arg=count)
        if person.narrow:
            person.click(f".px-verdicts [data-verdict={verdict}]")
        else:
            person.press(keys[verdict])
    page.wait_for_function(DECIDED, arg=len(verdicts))


def open_compare(person: Person, axis: str) -> None:
    person.tab("Compare")
    person.page.wait_for_selector(".px-board.px-ready")
    person.sheet("What to compare")
    person.click(person.page.locator(".px-axes").get_by_text(axis))
    person.click(person.page.locator(".px-presets").get_by_text("None"))


def run_compare(person: Person, panels: int) -> None:
    person.sheet()
    person.page.wait_for_function("(n) => document.querySelectorAll('.px-panels > .px-panel').length === n", arg=panels)
    person.click("#px-compare")
    person.page.wait_for_function(COMPARED)


def four_pairs_by_three_methods(person: Person) -> None:
    open_compare(person, "Pairs")
    for number in range(4):
        person.click(person.page.locator(".px-chooser .px-choice").locator("visible=true").nth(number))
    person.click(".px-by summary")
    for title in ("HiResCAM", "Decomposition"):  # beside PAIR-X
        person.click(person.page.locator(".px-by .px-choice").filter(has_text=title))
    run_compare(person, 12)
    with person.page.expect_download():
        person.click(".px-board .px-files button[data-kind=pdf]")


def two_layers(person: Person) -> None:
    open_compare(person, "Layers")
    for number in (2, 3):
        person.click(person.page.locator(".px-chooser .px-choice").locator("visible=true").nth(number))
    run_compare(person, 2)


def mislabelled(person: Person) -> None:
    person.tab("Explore")
    person.click(".px-chips [data-view=far]")
    person.page.wait_for_function("pairx.explore.view === 'far'")
    if person.narrow:
        person.click(person.page.get_by_role("button", name="Review these"))
    else:
        person.press("r")
    decide(person, ["match", "no_match", "unsure"])


def share(person: Person) -> None:
    page = person.page
    if person.narrow:
        person.click(".px-viewer .px-menu summary")
    person.click(page.locator(".px-viewer").get_by_text("Copy link", exact=True))
    page.get_by_text("Link copied").locator("visible=true").wait_for()
    page.goto(page.evaluate("navigator.clipboard.readText()"))  # the colleague's browser
    page.wait_for_selector(READY)


def tomorrow(person: Person) -> None:
    person.page.goto(person.address)
    person.page.wait_for_selector(READY)
    person.sheet("Samples, settings")
    person.click(".px-recent-list button")
    person.page.wait_for_function("location.search.includes('a=')")
    person.page.wait_for_function(FRESH)


def own_folder(person: Person) -> None:
    person.tab("Explore")
    person.page.wait_for_selector(".px-explore.px-ready")
    person.sheet("Runs and filters")
    person.click(person.page.get_by_text("New run", exact=True))
    person.paste("Data set", str(person.own))
    person.paste("Name", f"own-{person.page.viewport_size['width']}")
    person.click("#px-start-run")
    person.page.wait_for_function("pairx.explore?.scene?.run?.startsWith('own')")


@dataclass(frozen=True)
class Job:
    """before: what the review says of it. after: a job whose page it goes on with."""

    title: str
    before: str
    do: Callable[[Person], None]
    after: str = ""


JOBS = {
    "a": Job("my two photographs", "5.4 to 6.2 s", own_pair),
    "b": Job("a query with 10 candidates", "10 × (remove B, upload, Explain, read)", ten_candidates),
    "c": Job("4 pairs × 3 methods, a figure", "4 × Compare, 4 files, Inkscape", four_pairs_by_three_methods),
    "d": Job("two layers on one pair", "change, Explain, flick between windows", two_layers),
    "e": Job("mislabelled pairs, 3 decisions", "found by chips, written down by hand", mislabelled),
    "f": Job("share a view", "Explain and Explore only", share),
    "g": Job("yesterday's pair", "only from its address", tomorrow, "a"),
    "h": Job("my own folder", "the finished run is opened by hand", own_folder),
}


def tried(browser: Browser, address: str, own: Path, size: tuple[int, int], job: Job) -> str:
    """A job on a fresh page: clicks, keys, seconds, as a table's cell."""
    width, height = size
    window, allowed = {"width": width, "height": height}, ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport=window, has_touch=width < 900, permissions=allowed)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector(READY)
    person = Person(page, address, own)
    try:
        if job.after:
            JOBS[job.after].do(person)
            page.wait_for_selector(".px-recent-list button", state="attached")
        person.clicks = person.keys = 0
        began = time.perf_counter()
        job.do(person)
        return f"{person.clicks} clicks, {person.keys} keys, {time.perf_counter() - began:.1f} s"
    except Error as error:
        return f"failed: {error.message.splitlines()[0]}"
    finally:
        context.close()


def first_picture(browser: Browser, address: str, times: int = 5) -> list[float]:
    """Seconds from the address to the picture, with a warm server and a browser that knows the page."""
    context, seconds = browser.new_context(viewport={"width": 1440, "height": 900}), []
    for _ in range(times + 1):
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        began = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(READY)
        seconds.append(time.perf_counter() - began)
        page.close()
    context.close()
    return seconds[1:]


def write_photographs(folder: Path, individuals: int = 4, each: int = 3) -> None:
    """A folder for each individual, of JPEGs."""
    nyala = Path(os.environ.get("PAIRX_DATA", "data")) / "nyala" / "images"
    if nyala.is_dir():
        found = {one.name: sorted(one.glob("*.jpg")) for one in sorted(nyala.iterdir()) if one.is_dir()}
    else:
        herd = load_herd()
        table = herd.table.groupby("identity")["image_id"]
        found = {str(name): [herd.path(one) for one in ids] for name, ids in table}
    for name, photographs in [one for one in found.items() if len(one[1]) >= each][:individuals]:
        (folder / name).mkdir(parents=True)
        for path in photographs[:each]:
            shutil.copy(path, folder / name / f"{name}-{path.name}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", default="".join(JOBS), help="the letters of those to do")
    arguments = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pairx-") as name, sync_playwright() as playwright:
        own, address = Path(name) / "photographs", f"http://127.0.0.1:{port}/"
        write_photographs(own)
        process = serve(port, PAIRX_RUNS=f"{name}/runs", PAIRX_REVIEWS=f"{name}/reviews")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGS))
        try:
            print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
            print("| Job | Before | 1440 px | 390 px |\n|---|---|---|---|")
            for letter in arguments.jobs:
                job = JOBS[letter]
                cells = [tried(browser, address, own, size, job) for size in SIZES]
                print(f"| ({letter}) {job.title} | {job.before} | " + " | ".join(cells) + " |", flush=True)
            warm = first_picture(browser, address)
            print(f"\nFirst picture, warm: median {statistics.median(warm):.2f} s, worst {max(warm):.2f} s.")
        finally:
            browser.close()
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
