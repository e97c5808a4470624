"""No rule of axe above minor is broken, in any tab, light or dark."""

import pytest

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READY = {
    "Explain": ".px-viewer.px-ready",
    "Compare": ".px-board",
    "Trust": ".px-trust.px-ready",
    "Explore": ".px-pairtable .px-row",
    "Review": ".px-review",
    "Figure": ".px-figure-lists h2",
    "About": ".px-about",
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("tab", READY)
def test_no_violation_above_minor(open_page, tab, dark):
    page = open_page(dark=dark, height=2400)  # so that nothing lies behind what sticks to the lower edge
    page.get_by_role("tab", name=tab).click()
    page.locator(READY[tab]).first.wait_for()
    page.wait_for_timeout(500)
    found = axe.Axe().run(page).response["violations"]
    told = {one["id"]: [node["html"][:200] for node in one["nodes"][:4]] for one in found if one["impact"] != "minor"}
    assert told == {}
