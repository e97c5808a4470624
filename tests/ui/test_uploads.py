"""Uploads: hostile files are refused in words, odd ones become what the browser can show."""

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio.data_classes import ImageData

from pairx import images
from pairx.types import InputError
from pairx.ui.shared.photos import Photo, PhotoShelf
from pairx.ui.shared.uploads import SafeImage, checked
from tests.hostile import hostile_files, odd_but_fine


@pytest.fixture
def well() -> SafeImage:
    return SafeImage(shelf=PhotoShelf(), label="Photograph A")


def received(well: SafeImage, path: Path) -> Photo | InputError | None:
    return well.preprocess(ImageData(path=str(path), orig_name=path.name))


def test_hostile_files_become_one_line_for_the_person(well, tmp_path):
    for what, path in hostile_files(tmp_path).items():
        answer = received(well, path)
        assert isinstance(answer, InputError), what
        assert "\n" not in str(answer) and "Traceback" not in str(answer), what
        with pytest.raises(gr.Error):
            checked(answer)


def test_odd_files_become_photographs_that_browsers_show(well, tmp_path):
    for what, path in odd_but_fine(tmp_path).items():
        photo = received(well, path)
        assert isinstance(photo, Photo), what
        shown = checked(photo)
        assert shown.ref.path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}, what
        assert shown.ref.digest == photo.ref.digest and shown.ref.name == photo.ref.name, what
        again = images.decode(shown.ref.path)
        assert np.array_equal(again, photo.image), what


def test_an_empty_well_is_no_error(well):
    assert well.preprocess(None) is None
    assert checked(None) is None
    assert well.postprocess(None) is None


def test_the_well_tells_the_browser_that_it_is_an_image(well):
    assert well.get_block_name() == "image"
    assert {"sources", "label", "interactive"} <= set(well.get_config())


def test_a_sample_is_known_by_its_content(photo_files):
    shelf = PhotoShelf()
    shelf.add_sample("one", photo_files[0], "one")
    photo = shelf.open(photo_files[0], "whatever.png")
    assert (photo.ref.id, photo.ref.name) == ("one", "one")


def test_a_forgotten_upload_says_so(photo_files):
    shelf = PhotoShelf()
    ref = shelf.open(photo_files[2], "mine.png").ref
    assert shelf.find(ref.id) == ref
    photo_files[2].unlink()
    for look_up in (lambda: shelf.find(ref.id), lambda: shelf.load(ref), lambda: shelf.find("f" * 24)):
        with pytest.raises(InputError, match="no longer on the server"):
            look_up()


def test_a_file_that_changed_is_not_taken_for_the_old_one(photo_files):
    shelf = PhotoShelf()
    ref = shelf.open(photo_files[2], "mine.png").ref
    photo_files[2].write_bytes(photo_files[0].read_bytes())
    with pytest.raises(InputError, match="has changed"):
        shelf.load(ref)
