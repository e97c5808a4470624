"""The Review tab in Chromium: a review is begun, decided by keyboard at speed, undone, continued."""

import pytest

from pairx.reviews import ReviewLog

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BOARD = ".px-review.px-ready[data-key]"


@pytest.fixture(scope="module")
def begun(address, app_folder, chromium) -> str:
    """The name of a review of the sample that was begun in the app."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector(".px-viewer.px-ready")
    page.get_by_role("tab", name="Review").click()
    page.get_by_role("button", name="New review").click()
    page.get_by_label("Candidates of a query").fill("4")
    page.get_by_label("Name", exact=True).fill("herd")
    page.locator("#px-begin-review").click()
    page.wait_for_function("document.querySelector('[aria-label=Review]').value === 'herd'")
    page.wait_for_selector(".px-review.px-ready")
    page.close()
    return "herd"


@pytest.fixture
def review(open_page, begun):
    """Opens the review: `review(reviewer, **of_the_window)`."""

    def go(reviewer: str, **window):
        page = open_page(**window)
        page.evaluate("name => localStorage.setItem('px-reviewer', name)", reviewer)
        page.reload()
        page.wait_for_selector(".px-viewer.px-ready")
        page.get_by_role("tab", name="Review").click()
        page.wait_for_selector(BOARD)
        return page

    return go


def pair_of(page) -> str:
    return page.locator(".px-review").get_attribute("data-key")


def test_sixty_decisions_at_ten_a_second_are_kept_in_order_and_none_twice(review, app_folder, begun):
    page = review("Ada")
    page.locator(".px-review .px-stage").click(position={"x": 5, "y": 5})
    asked, verdicts = [], "ynu" * 20
    for key in verdicts:
        asked.append(pair_of(page))
        page.keyboard.press(key)
        page.wait_for_timeout(100)
        page.wait_for_function("before => document.querySelector('.px-review').dataset.key !== before", arg=asked[-1])
    with ReviewLog(app_folder / "reviews" / begun) as log:
        kept = log.entries()
    kept = kept[kept["reviewer"] == "Ada"]
    names = {"y": "match", "n": "no_match", "u": "unsure"}
    assert list(kept["verdict"]) == [names[key] for key in verdicts]
    assert [f'["{row.query_id}","{row.candidate_id}"]' for row in kept.itertuples()] == asked
    assert len(set(asked)) == 60
    assert "60 of" in page.locator(".px-review-head").inner_text()


def test_after_the_browser_was_closed_it_goes_on_where_it_was_and_undo_goes_back(review):
    page = review("Bo")
    first = pair_of(page)
    page.keyboard.press("n")
    page.wait_for_function("before => document.querySelector('.px-review').dataset.key !== before", arg=first)
    second = pair_of(page)
    again = review("Bo")
    assert pair_of(again) == second
    again.keyboard.press("z")
    again.wait_for_function("one => document.querySelector('.px-review').dataset.key === one", arg=first)
    assert "0 of" in again.locator(".px-review-head").inner_text()


def test_a_key_in_the_note_is_a_letter_and_the_note_is_kept(review, app_folder, begun):
    page = review("Cleo")
    first = pair_of(page)
    note = page.get_by_label("A note to this pair")
    note.fill("any notch?")
    assert pair_of(page) == first
    note.press("Enter")
    page.keyboard.press("u")
    page.wait_for_function("before => document.querySelector('.px-review').dataset.key !== before", arg=first)
    with ReviewLog(app_folder / "reviews" / begun) as log:
        (row,) = log.standing().query("reviewer == 'Cleo'").to_dict("records")
    assert row["note"] == "any notch?" and row["verdict"] == "unsure"
    assert note.input_value() == ""


def test_pair_x_goes_on_and_off_by_key_and_nothing_moves(review):
    page = review("Dan")
    box = page.locator(".px-review .px-stage").bounding_box()
    page.keyboard.press("x")
    page.wait_for_selector('.px-review[data-explained="true"] .px-lines .px-mark')
    assert page.locator(".px-review .px-stage").bounding_box() == box
    page.keyboard.press("x")
    page.wait_for_selector('.px-review[data-explained="false"]')
    assert page.locator(".px-review .px-lines .px-mark").count() == 0
    assert page.locator(".px-review .px-stage").bounding_box() == box


def test_a_place_of_one_photograph_is_answered_in_the_other_and_nothing_moves(review):
    page = review("Nan")
    parts = [page.locator(one) for one in (".px-review .px-stage", ".px-verdicts", ".px-candidates")]
    before = [one.bounding_box() for one in parts]
    answer = page.locator(".px-review .px-answer")
    page.keyboard.press("p")
    page.wait_for_selector(".px-review .px-stage.px-pointing")
    for side in (0, 1):
        page.locator(".px-review .px-frame").nth(side).click()
        page.wait_for_function(
            "side => [...document.querySelectorAll('.px-review .px-frame')].every((frame, i) =>"
            " [...frame.querySelectorAll('.px-answer')].some((answer) => !answer.hidden) === (i !== side))",
            arg=side,
        )
        assert "strongest partner" in page.locator(".px-review .px-said").inner_text()
    assert [one.bounding_box() for one in parts] == before
    page.keyboard.press("Escape")
    page.wait_for_selector(".px-review .px-stage:not(.px-pointing)")
    assert not any(one.is_visible() for one in answer.all())
    assert [one.bounding_box() for one in parts] == before


def test_blind_hides_names_similarity_and_ranks(review, app_folder, begun):
    page = review("Eve")
    page.wait_for_function("document.querySelector('.px-speaks p').textContent.includes('local matches')")
    name = page.locator(".px-review-titles bdi").first.inner_text()
    page.get_by_role("button", name="Blind").click()
    page.wait_for_function("!document.querySelector('.px-review-titles bdi')")
    shown = page.locator(".px-review").inner_text()
    assert name not in shown and "cosine" not in shown and "#1" not in shown and "local matches" not in shown
    assert page.get_by_role("button", name="By individual").is_hidden()
    page.keyboard.press("n")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Blind").click()
    with ReviewLog(app_folder / "reviews" / begun) as log:
        assert log.standing().query("reviewer == 'Eve'")["blind"].all()


def test_a_photograph_can_be_turned_mirrored_and_lit_on_its_own(review):
    page = review("Flo")
    frame = page.locator(".px-review .px-frame").first
    before = frame.bounding_box()
    page.get_by_role("button", name="Turn A").click()
    page.wait_for_function(
        "before => { const box = document.querySelector('.px-review .px-frame').getBoundingClientRect();"
        " return Math.abs(box.width / box.height - before) < 0.02 }",
        arg=before["height"] / before["width"],
    )
    page.get_by_label("Light of B").fill("150")
    assert "brightness(150%)" in page.locator(".px-review .px-photo").nth(1).get_attribute("style")
    assert "brightness" not in (page.locator(".px-review .px-photo").first.get_attribute("style") or "")


def test_two_candidates_of_a_query_stand_against_each_other_by_key(review):
    page = review("Oz")
    pair = pair_of(page)
    page.keyboard.press("v")
    sheet = page.locator("dialog.px-versus[open]")
    sheet.locator(".px-stage .px-photo").nth(3).wait_for()
    assert sheet.locator(".px-overlay").count() == 4
    names = sheet.locator(".px-versus-title bdi").all_inner_texts()
    assert len(names) == 2 and names[0] != names[1]
    assert all("of its matches are its own" in one for one in sheet.locator("section").all_inner_texts())
    page.keyboard.press("n")
    page.keyboard.press("v")
    sheet.wait_for(state="detached")
    assert pair_of(page) == pair


def test_candidates_of_one_individual_stand_together_and_its_photographs_are_one_key_away(review):
    page = review("Gus")
    cards = page.locator(".px-candidate bdi")
    names = [text.split(" · ")[-1] for text in cards.all_inner_texts()]
    page.get_by_role("button", name="By individual").click()
    groups = page.locator(".px-together")
    groups.first.wait_for()
    firsts = list(dict.fromkeys(names))
    told = [(name, names.count(name)) for name in firsts]
    assert groups.locator(".px-together-name").all_inner_texts() == [f"{n} ({k})" if k > 1 else n for n, k in told]
    assert [text.split(" · ")[-1] for text in cards.all_inner_texts()] == sorted(names, key=firsts.index)
    page.keyboard.press("g")
    sheet = page.locator("dialog.px-others[open]")
    sheet.wait_for()
    cosines = [float(text.split(" · ")[1]) for text in sheet.locator("figcaption").all_inner_texts()]
    assert len(cosines) >= 2 and cosines == sorted(cosines, reverse=True)
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")


def test_without_a_name_nothing_is_decided(open_page, begun):
    page = open_page()
    page.get_by_role("tab", name="Review").click()
    page.get_by_text("Say who reviews").wait_for()
    page.get_by_label("Your name").fill("Hal")
    page.get_by_label("Your name").press("Enter")
    assert page.evaluate("document.activeElement === document.body")  # the next key is a verdict
    page.wait_for_selector(BOARD)


def test_a_decision_that_the_network_loses_is_sent_again_and_kept_once(review, app_folder, begun):
    page = review("Ida")
    first, lost = pair_of(page), []

    def lose(route):
        lost.append(route)
        if len(lost) == 1:
            route.abort()
        elif len(lost) == 2:  # the answer is lost, the decision is not
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/decide", lose)
    page.keyboard.press("y")
    page.wait_for_function("before => document.querySelector('.px-review').dataset.key !== before", arg=first)
    with ReviewLog(app_folder / "reviews" / begun) as log:
        assert list(log.entries().query("reviewer == 'Ida'")["verdict"]) == ["match"]
    assert len(lost) == 3


def test_on_a_telephone_the_verdicts_are_in_sight_and_large(review):
    page = review("Jo", width=390, height=844, touch=True)
    for button in page.locator(".px-verdicts .px-button").all():
        box = button.bounding_box()
        assert box["height"] >= 44 and box["y"] + box["height"] <= 844


def test_in_a_low_window_the_verdicts_stay_in_sight(review):
    page = review("Lo", width=720, height=450)
    for button in page.locator(".px-verdicts .px-button").all():
        box = button.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 450 and box["x"] + box["width"] <= 720


def test_two_reviewers_at_once_and_the_conflict_between_them_is_settled(review, app_folder, begun):
    first, second = review("Kim"), review("Lou")
    pair = pair_of(first)
    assert pair_of(second) == pair
    for page, key in ((first, "y"), (second, "n")):
        page.keyboard.press(key)
        page.wait_for_function("before => document.querySelector('.px-review').dataset.key !== before", arg=pair)
    third = review("Max")
    third.get_by_role("button", name="Conflicts (").click()
    third.get_by_text("Reviewers differ on these pairs").wait_for()
    third.wait_for_function("one => document.querySelector('.px-review').dataset.key === one", arg=pair)
    third.keyboard.press("n")
    third.wait_for_function("one => document.querySelector('.px-review').dataset.key !== one", arg=pair)
    with ReviewLog(app_folder / "reviews" / begun) as log:
        last = log.entries().iloc[-1]
    assert last["reviewer"] == "Max" and last["settles"] and last["verdict"] == "no_match"
