"""Decoding, cutting, resizing and mapping, each against a known answer."""

from __future__ import annotations

import io
import math
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from pairx import images
from pairx.images import decode, load_image, load_pair, resize
from pairx.types import SAME, InputError, View
from tests.hostile import hostile_files, odd_but_fine


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> dict[str, Path]:
    return hostile_files(tmp_path_factory.mktemp("hostile"))


def encoded(image: Image.Image, format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def corners(height: int = 48, width: int = 80) -> np.ndarray:
    """Red, green, blue and grey quarters: no turn or flip of it looks like another."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (220, 30, 30)
    picture[: height // 2, width // 2 :] = (30, 220, 30)
    picture[height // 2 :, : width // 2] = (30, 30, 220)
    picture[height // 2 :, width // 2 :] = (120, 120, 120)
    return picture


def noise(height: int = 90, width: int = 120, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ramp(bits: int) -> np.ndarray:
    """(16, 256) uint16, from 0 to 2^bits - 1."""
    return np.linspace(0, 2**bits - 1, 4096).round().astype(np.uint16).reshape(16, 256)


# Formats and modes


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM"])
def test_lossless_formats_are_bit_identical(format):
    assert np.array_equal(decode(encoded(Image.fromarray(noise()), format)), noise())


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "HEIF", "AVIF", "JPEG2000"])
def test_lossy_formats_are_close(format):
    options = {} if format == "JPEG2000" else {"quality": 95}
    difference = decode(encoded(Image.fromarray(corners()), format, **options)).astype(int) - corners()
    assert np.abs(difference).mean() < 4


def test_every_kind_of_source_gives_the_same(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.fromarray(noise()), "PNG"))
    with path.open("rb") as file:
        sources = [path, str(path), path.read_bytes(), file, noise(), Image.open(path)]
        assert all(np.array_equal(decode(source), noise()) for source in sources)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_files_use_the_whole_range(bits, ending, channels):
    grey = ramp(bits)
    planes = {1: grey, 3: np.dstack([grey[::-1], grey * 0, grey]), 4: np.dstack([grey[::-1], grey * 0, grey, grey])}
    values = planes[channels]
    if channels == 4:
        values[..., 3] = 65535
    expected = values[..., :3][..., ::-1] if channels > 1 else np.dstack([grey] * 3)
    result = decode(cv2.imencode(ending, values)[1].tobytes())
    assert np.abs(result - expected * (255 / (2**bits - 1))).max() <= 0.51


def test_deep_alpha_lies_over_white():
    values = np.zeros((8, 8, 4), np.uint16)
    values[..., 3] = 0x8000
    values[0, 0] = 4095
    assert decode(cv2.imencode(".png", values)[1].tobytes())[4, 4].tolist() == [127] * 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_deep_colour_is_turned_upright_too(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain = encoded(Image.fromarray(noise()), format, exif=exif)
    assert np.array_equal(decode(_deepened(plain, format, orientation)), upright(noise(), orientation))


def _deepened(plain: bytes, format: str, orientation: int) -> bytes:
    """16-bit file with the EXIF orientation of an 8-bit one."""
    deep = noise().astype(np.uint16) * 257
    if format == "PNG":
        content = cv2.imencode(".png", deep[..., ::-1])[1].tobytes()
        start = plain.index(b"eXIf") - 4
        chunk = plain[start : start + 12 + struct.unpack(">I", plain[start : start + 4])[0]]
        return content[:33] + chunk + content[33:]
    height, width = deep.shape[:2]
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 200), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 300), (274, 3, 1, orientation), (277, 3, 1, 3), (278, 3, 1, height)]
    entries += [(279, 4, 1, deep.nbytes)]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    content = (b"II*\0" + struct.pack("<I", 8) + ifd).ljust(200, b"\0") + struct.pack("<HHH", 16, 16, 16)
    return content.ljust(300, b"\0") + deep.astype("<u2").tobytes()


def test_late_exif_of_a_png_counts():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.fromarray(noise()), "PNG", exif=exif)
    start = content.index(b"eXIf") - 4
    end = start + 12 + struct.unpack(">I", content[start : start + 4])[0]
    late = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    assert np.array_equal(decode(late), upright(noise(), 6))


@pytest.mark.parametrize(("low", "high", "white"), [(0, 1, 1), (0, 0.5, 1), (-3, 200, 255), (0, 4000, 4095)])
def test_float_tiff(low, high, white):
    values = np.linspace(low, high, 256, dtype=np.float32).reshape(8, 32)
    values[0, 0] = np.nan
    expected = np.nan_to_num(values, nan=white * 128 / 255).clip(0) * (255 / white)
    assert np.abs(decode(encoded(Image.fromarray(values), "TIFF"))[..., 1] - expected).max() <= 0.51


def test_whole_number_tiff():
    values = np.linspace(-5, 4095, 256).astype(np.int32).reshape(8, 32)
    expected = values.clip(0) * (255 / 4095)
    assert np.abs(decode(encoded(Image.fromarray(values), "TIFF"))[..., 1] - expected).max() <= 0.51


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("ink", "rgb"),
    [
        ((0, 255, 255, 0), (255, 0, 0)),
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 0, 0, 255), (0, 0, 0)),
        ((0,) * 4, (255,) * 3),
    ],
)
def test_cmyk(format, ink, rgb):
    """Pillow writes its CMYK JPEGs as Adobe does, inverted."""
    result = decode(encoded(Image.new("CMYK", (16, 16), ink), format))
    assert np.abs(result.astype(int) - rgb).max() <= 3


def test_lab_tiff():
    """sRGB (200, 40, 90) is L*a*b* (45.6, 63.4, 13.2) under D50, (120, 140, 40) is (55.2, -18.0, 47.9)."""
    for lab, rgb in (((116, 63, 13), (200, 40, 90)), ((141, 256 - 18, 48), (120, 140, 40))):
        image = Image.frombytes("LAB", (8, 8), bytes(lab) * 64)
        assert np.abs(decode(encoded(image, "TIFF")).astype(int) - rgb).max() <= 3


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (Image.new("1", (8, 8), 1), {}, (255, 255, 255)),
        (Image.new("L", (8, 8), 77), {}, (77, 77, 77)),
        (Image.new("L", (8, 8), 7), {"transparency": 7}, (255, 255, 255)),
        (Image.new("LA", (8, 8), (100, 51)), {}, (224, 224, 224)),
        (Image.new("RGB", (8, 8), (1, 2, 3)), {"transparency": (1, 2, 3)}, (255, 255, 255)),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 0)), {}, (255, 255, 255)),
        (Image.new("RGBA", (8, 8), (250, 0, 100, 51)), {}, (254, 204, 224)),
    ],
)
def test_grey_and_transparent_png(image, options, expected):
    assert np.abs(decode(encoded(image, "PNG", **options)).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, (10, 20, 30)), ({"transparency": 1}, (255, 255, 255)), ({"transparency": b"\xff\x33"}, (206, 208, 210))],
)
def test_palette(options, expected):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert np.abs(decode(encoded(image, "PNG", **options)).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame(format):
    frames = [Image.new("RGB", (20, 10), colour) for colour in ((200, 0, 0), (0, 200, 0))]
    options = {"lossless": True} if format == "WEBP" else {}
    content = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(decode(content), np.full((10, 20, 3), (200, 0, 0)))


def linear_profile(space: bytes) -> bytes:
    """A colour profile with the sRGB primaries whose values are proportional to light."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(*values)

    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, 256, 0)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 7) + b"linear\0" + bytes(79),
        b"wtpt": xyz(0.9642, 1, 0.8249),
    }
    if space == b"GRAY":
        tags |= {b"kTRC": curve}
    else:
        tags |= {b"rXYZ": xyz(0.43607, 0.22249, 0.01392), b"gXYZ": xyz(0.38515, 0.71687, 0.09708)}
        tags |= {b"bXYZ": xyz(0.14307, 0.06061, 0.7141), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    body, table, offset = b"", struct.pack(">I", len(tags)), 132 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I", 128 + len(table + body)) + bytes(4) + b"\x02\x10\0\0mntr" + space + b"XYZ "
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249)
    return header.ljust(128, b"\0") + table + body


@pytest.mark.parametrize(
    ("image", "space"),
    [
        (Image.new("RGB", (8, 8), (127, 127, 127)), b"RGB "),
        (Image.new("L", (8, 8), 127), b"GRAY"),
        (Image.new("L", (8, 8), 127), b"RGB "),
        (Image.new("RGBA", (8, 8), (127, 127, 127, 255)), b"RGB "),
    ],
)
def test_colour_profile_to_srgb(image, space):
    """Half the light is 188 in sRGB."""
    result = decode(encoded(image, "PNG", icc_profile=linear_profile(space)))
    assert np.abs(result.astype(int) - 187.5).max() <= 1.5


def test_srgb_profile_changes_nothing_and_unfit_profiles_are_ignored():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"junk", linear_profile(b"GRAY"), linear_profile(b"CMYK"), linear_profile(b"RGB ")[:200]):
        assert np.array_equal(decode(encoded(Image.fromarray(noise()), "PNG", icc_profile=profile)), noise())


# EXIF orientation

FLIPS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    return FLIPS[orientation](stored)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_orientation(format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"PNG": {}, "TIFF": {}, "JPEG": {"quality": 98, "subsampling": 0}}.get(format, {"quality": 98})
    content = encoded(Image.fromarray(corners()), format, exif=exif, **options)
    expected = upright(corners(), orientation)
    for source in (content, Image.open(io.BytesIO(content))):
        result = decode(source)
        assert result.shape == expected.shape
        assert np.abs(result.astype(int) - expected).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_heic(orientation):
    image = Image.fromarray(corners())
    image.getexif()[0x0112] = orientation
    result = decode(encoded(image, "HEIF", quality=98))
    assert result.shape == upright(corners(), orientation).shape
    assert np.abs(result.astype(int) - upright(corners(), orientation)).mean() < 6


# Hostile and odd files


def test_hostile_files_are_refused_in_one_line(hostile):
    assert len(hostile) > 40
    for what, path in hostile.items():
        with pytest.raises(InputError) as caught:
            decode(path)
        message = str(caught.value)
        assert message.isprintable() and len(message) < len(str(path)) + 150, (what, message)
        assert path.name.replace("\n", "\ufffd") in message, (what, message)


def test_hostile_bytes_are_refused_by_the_name_given(hostile):
    for what, path in hostile.items():
        if os.path.isfile(path) and what not in ("no permission", "raw by its ending only"):
            with pytest.raises(InputError, match=r"^upload\.jpg "):
                decode(path.read_bytes(), name="upload.jpg")


@pytest.mark.parametrize(
    ("says", "what"),
    [
        ("video", "mp4"),
        ("raw file", "raw DNG renamed"),
        ("raw file", "raw NEF"),
        ("raw file", "raw by its ending only"),
        ("SVG", "svg renamed"),
        ("PDF", "pdf"),
        ("web page", "web page"),
        ("30000 x 30000 px", "PNG bomb"),
        ("200 megapixels", "TIFF bomb"),
        ("empty", "empty"),
        ("folder", "folder"),
        ("does not exist", "missing"),
    ],
)
def test_hostile_files_are_named_for_what_they_are(hostile, says, what):
    with pytest.raises(InputError, match=says):
        decode(hostile[what])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_odd_files_decode(tmp_path):
    for what, path in odd_but_fine(tmp_path).items():
        image, view = load_image(path)
        assert image.dtype == np.uint8 and image.shape == (*view.image_size[::-1], 3), what
        assert np.abs(image.mean((0, 1)) - (125, 135, 130)).max() < 4, what
        assert resize(image, (64, 64)).shape == (64, 64, 3), what


@pytest.mark.parametrize(
    "source",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 3)),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        7,
        None,
    ],
)
def test_sources_of_the_wrong_type(source):
    with pytest.raises(InputError):
        decode(source)


def test_threads_agree_and_globals_stay():
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    contents = [encoded(Image.fromarray(noise(seed=seed)), "PNG") for seed in range(12)]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(decode, contents * 4))
    assert all(np.array_equal(result, noise(seed=k % 12)) for k, result in enumerate(results))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


# Large photographs

_PEAKS = """
import sys
from pathlib import Path
from pairx.images import load_image

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

before = peak()
for box in (None, (6000, 4000, 800, 600)):
    image, view = load_image(sys.argv[1], box)
    print(peak() - before, *image.shape[:2])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_of_a_large_jpeg(tmp_path):
    path = tmp_path / "large.jpg"
    Image.new("RGB", (12_000, 9000), (90, 120, 60)).save(path, quality=50)
    command = [sys.executable, "-c", _PEAKS, str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]).stdout
    (whole, *whole_shape), (cut, *cut_shape) = (map(float, line.split()) for line in output.splitlines())
    assert (whole_shape, cut_shape) == ([3072, 4096], [300, 400])
    assert whole < 300 and cut < 450, "MB"


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_large_photographs_keep_their_coordinates(format, orientation, monkeypatch):
    """Boxes and views are in the file's pixels although the image is smaller; odd sizes do not divide."""
    monkeypatch.setattr(images, "LONGEST", 400)
    monkeypatch.setattr(images, "WORKING_PIXELS", 300_000)
    stored = np.zeros((901, 1203, 3), np.uint8)
    width, height = (1203, 901) if orientation == 1 else (901, 1203)
    point = np.array([[610.3, 555.7]])
    photo = blob(width, height, point[0], 12)
    stored = photo if orientation == 1 else np.rot90(photo, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif)
    for box, theta in ((None, 0), ((433, 401, 331, 287), 0), ((433, 401, 331, 287), 0.4)):
        image, view = load_image(content, box, theta)
        assert (view.width, view.height) == (width, height)
        assert max(image.shape) <= 400 and image.shape[:2] == view.image_size[::-1] and view.scale < 0.6
        assert np.abs(centroid(image) - view.to_image(point)[0]).max() < 0.1


# Boxes and turns


def blob(width: int, height: int, point: np.ndarray, sigma: float) -> np.ndarray:
    x = np.exp(-0.5 * ((np.arange(width) + 0.5 - point[0]) / sigma) ** 2)
    y = np.exp(-0.5 * ((np.arange(height) + 0.5 - point[1]) / sigma) ** 2)
    return np.repeat((250 * np.outer(y, x)).round().astype(np.uint8)[..., None], 3, axis=2)


def centroid(image: np.ndarray) -> np.ndarray:
    light = image[..., 1].astype(float)
    rows, columns = np.indices(light.shape) + 0.5
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.mark.parametrize("seed", range(60))
def test_a_dot_is_where_the_view_says(seed):
    random = np.random.default_rng(seed)
    box = (*random.uniform(20, 120, 2), *random.uniform(90, 260, 2))
    theta = 0.0 if seed % 4 == 0 else random.uniform(-4, 4)
    if seed % 3 == 0:
        box = tuple(value / size for value, size in zip(box, (400, 330, 400, 330), strict=True))
    absolute = box if seed % 3 else tuple(v * size for v, size in zip(box, (400, 330, 400, 330), strict=True))
    upright_view = View(400, 330, absolute, theta)
    point = upright_view.to_photograph(random.uniform(0.25, 0.75, (1, 2)) * upright_view.image_size)
    point = point.clip((14, 14), (386, 316))
    image, view = load_image(blob(400, 330, point[0], 3), box, theta)
    assert image.shape[:2] == view.image_size[::-1]
    assert np.abs(centroid(image) - view.to_image(point)[0]).max() < 0.1
    model = (224, 192)
    expected = images.scale_points(view.to_image(point), view.image_size, model)[0]
    assert np.abs(centroid(resize(image, model[::-1])) - expected).max() < 0.3


def test_turns_follow_the_coco_wildlife_convention():
    """`cv2.getRotationMatrix2D(centre, degrees(theta), 1)` makes the box upright; the box is then cut out."""
    photo = cv2.GaussianBlur(noise(200, 240), (0, 0), 2)
    x, y, w, h = box = (60, 50, 100, 80)
    for theta in (0.3, -1.1, 2.5):
        turn = cv2.getRotationMatrix2D((x + w / 2 - 0.5, y + h / 2 - 0.5), math.degrees(theta), 1)
        expected = cv2.warpAffine(photo, turn, (240, 200))[y : y + h, x : x + w]
        assert np.abs(load_image(photo, box, theta)[0].astype(int) - expected).max() <= 2


def test_a_quarter_turn_is_exact():
    """A bar's box turned by a quarter clockwise: the image's upward direction points right in the photograph."""
    photo = noise()
    image, view = load_image(photo, (20, 30, 40, 40), math.pi / 2)
    assert np.array_equal(image, np.rot90(photo[30:70, 20:60], 1))
    assert np.allclose(view.to_photograph([[20, 0]]), [[60, 50]])


def test_whole_pixel_boxes_are_slices():
    photo = noise()
    for box in ((10, 20, 30, 40), (0, 0, 120, 90), (116, 86, 4, 4), (10.2, 19.8, 30.1, 40.3)):
        image, view = load_image(photo, box)
        x, y, w, h = (int(value) for value in view.box)
        assert np.array_equal(image, photo[y : y + h, x : x + w])
        assert (x, y, w, h) == tuple(round(value) for value in box)
    assert load_image(photo, (10, 20, 30, 40), 2 * math.pi)[1].theta == 0


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 1, 1), (0, 0, 120, 90)),
        ((0.5, 0.5, 0.25, 0.5), (60, 45, 30, 45)),
        ((0.5, 0.5, 1, 1), (60, 45, 60, 45)),
        ((0, 0, 1.0002, 1), (0, 0, 120, 90)),
        ((-0.01, 0, 1.01, 1.01), (0, 0, 120, 90)),
        ((0.5, 0.5, 0.505, 0.505), (60, 45, 60, 45)),
        ((0.5, 1 / 3, 1 / 30, 2 / 45), (60, 30, 4, 4)),
        ((-10, -20, 30, 40), (0, 0, 20, 20)),
        ((100, 80, 500, 500), (100, 80, 20, 10)),
        ((-5, -5, 1e9, 1e9), (0, 0, 120, 90)),
        (np.array([1, 2, 4, 5]), (1, 2, 4, 5)),
    ],
)
def test_relative_and_clipped_boxes(box, expected):
    image, view = load_image(noise(), box)
    assert view.box == expected and image.shape[:2] == expected[:1:-1]


@pytest.mark.parametrize(
    "box",
    [
        (10, 10, 0, 5),
        (10, 10, 5, -1),
        (math.nan, 0, 5, 5),
        (0, 0, math.inf, 5),
        (120, 0, 5, 5),
        (0, 90, 5, 5),
        (-9, 0, 5, 5),
        (-0.1, 0.2, 0.3, 0.4),
        (0, 0, 1, 2),
        (0, 0, 1.02, 1),
        (0.2, 0.2, 1.5, 1.5),
        (0, 0, 3, 3),
        (10, 10, 50, 1),
        (0, 0, 0, 0),
        (1, 2, 3),
        "1,2,3,4",
        7,
        (1, 2, 3, "x"),
    ],
)
def test_impossible_boxes(box):
    with pytest.raises(InputError, match=r"^nyala\.jpg: the box ") as caught:
        load_image(noise(), box, name="nyala.jpg")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("box", [(0.5, 0.5, 0.001, 0.5), (119, 0, 50, 50), (0, 88, 50, 50), (-40, 0, 43, 50)])
@pytest.mark.parametrize("theta", [0, 1e-12])
def test_a_cut_of_next_to_nothing_is_refused(box, theta):
    with pytest.raises(InputError, match=r"^nyala\.jpg: \d+ x \d+ px of the photograph lie in the box, too few"):
        load_image(noise(), box, theta, name="nyala.jpg")


def test_a_narrow_photograph_may_be_cut():
    """What it has is all there is."""
    line = np.zeros((300, 1, 3), np.uint8)
    assert load_image(line, (0, 100, 1, 100))[0].shape == (100, 1, 3)
    assert load_image(line, (0, 0, 1, 1))[0].shape == (300, 1, 3)


@pytest.mark.parametrize("theta", [math.nan, math.inf, "x", None])
def test_impossible_angles(theta):
    with pytest.raises(InputError, match="radians"):
        load_image(noise(), None, theta)


def test_turned_boxes_reach_outside_but_must_meet_the_photograph():
    white = np.full((90, 120, 3), 255, np.uint8)
    image, view = load_image(white, (-20, -20, 40, 40), 0.2)
    assert view.box == (-20, -20, 40, 40) and not image[0, 0].any() and image[-1, -1].all()
    # its bounding box touches the photograph's corner, the turned box does not
    with pytest.raises(InputError, match="outside"):
        load_image(white, (-20, -20, 20, 20), math.pi / 4)


def test_a_turned_box_of_absurd_size_stays_small():
    image, view = load_image(noise(), (-1e7, -1e7, 2e7, 2e7), 0.3)
    assert max(image.shape) == images.LONGEST and view.image_size == image.shape[1::-1]


def test_load_pair(tmp_path):
    for name in ("a 1.png", "b.c.png"):
        (tmp_path / name).write_bytes(encoded(Image.fromarray(noise()), "PNG"))
    pair = load_pair(tmp_path / "a 1.png", str(tmp_path / "b.c.png"), box1=(10, 10, 50, 40), theta1=0.1)
    assert (pair.id0, pair.id1) == ("a 1", "b.c")
    assert pair.image0.shape == (90, 120, 3) and pair.image1.shape == (40, 50, 3)
    assert replace(pair.view0, notes=()) == View.whole(120, 90) and pair.view1.theta == 0.1
    assert load_pair(noise(), noise()).id0 != load_pair(noise(), noise()).id1


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((120, 160), []),
        ((99, 120), ["only 120 x 99 px"]),
        ((101, 405), ["4 to 1"]),
        ((101, 404), []),
        ((30, 300), ["only 300 x 30 px", "10 to 1"]),
    ],
)
def test_poor_images_are_told(size, said):
    notes = load_image(noise(*size))[1].notes
    assert len(notes) == len(said) and all(part in note for part, note in zip(said, notes, strict=True))


def test_what_is_nearly_one_colour_is_told():
    flat = np.full((200, 200, 3), 90, np.uint8)
    dusk = (flat + noise(200, 200) // 40).astype(np.uint8)
    for image, told in ((flat, True), (dusk, True), (noise(200, 200), False)):
        assert any("nearly one colour" in note for note in load_image(image)[1].notes) == told
    spot = flat.copy()
    spot[80:110, 80:110] = 220  # an animal far away
    assert load_image(spot)[1].notes == ()
    assert "nearly one colour" in load_image(spot, (0, 0, 70, 200))[1].notes[1]


def test_the_same_photograph_twice_is_told():
    same, other = load_pair(noise(200, 300), noise(200, 300)), load_pair(noise(200, 300), noise(200, 300, seed=1))
    assert same.notes == same.swapped().notes == (SAME,) and other.notes == ()


# Resizing, mapping, writing


def test_resize_is_pillows_antialiased_bilinear():
    expected = np.asarray(Image.fromarray(noise()).resize((32, 24), Image.Resampling.BILINEAR))
    assert np.array_equal(resize(noise(), (24, 32)), expected)
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(resize(stripes, (16, 16))[:, 1:-1].astype(int) - 127).max() <= 1, "stripes alias"


def test_cells_map_to_their_centres_and_back():
    grid, size = (5, 9), (333, 250)
    cells = np.argwhere(np.ones(grid))
    centres = images.cell_centres(cells, grid, size)
    assert np.allclose(centres[0], (333 / 18, 25)) and np.allclose(centres[-1], (333 - 333 / 18, 225))
    assert np.array_equal(images.cell_at(centres, grid, size), cells)
    corner = (np.array(size) / grid[::-1]) * 0.499
    for shift in (corner, -corner, corner * (1, -1)):
        assert np.array_equal(images.cell_at(centres + shift, grid, size), cells)
    outside = [(-5, -5), (333, 250), (1e6, 3)]
    assert images.cell_at(outside, grid, size).tolist() == [[0, 0], [4, 8], [0, 8]]
    assert images.cell_centres([], grid, size).shape == images.cell_at([], grid, size).shape == (0, 2)


def test_cells_see_the_pixels_they_say():
    """Light one cell of a grid in model pixels; its centre is found there in image pixels."""
    cell, grid, size = np.array([[2, 5]]), (6, 8), (400, 150)
    image = np.zeros((150, 400, 3), np.uint8)
    image[50:75, 250:300] = 255
    assert np.allclose(images.cell_centres(cell, grid, size)[0], centroid(image))
    model_centre = images.scale_points(images.cell_centres(cell, grid, size), size, (192, 192))
    assert np.allclose(model_centre, images.cell_centres(cell, grid, (192, 192)))
    assert np.abs(centroid(resize(image, (192, 192))) - model_centre[0]).max() < 0.3


def test_scale_points_round_trip():
    points = np.random.default_rng(0).uniform(0, 300, (50, 2))
    there = images.scale_points(points, (300, 200), (224, 448))
    assert np.allclose(there, points * (224 / 300, 448 / 200), atol=1e-9)
    assert np.allclose(images.scale_points(there, (224, 448), (300, 200)), points, atol=1e-9)


def test_digest_depends_on_shape_and_values():
    a = noise()
    assert images.digest(a) == images.digest(a.copy()) == images.digest(np.asfortranarray(a))
    b = a.copy()
    b[-1, -1, -1] ^= 1
    assert len({images.digest(x) for x in (a, b, a.reshape(120, 90, 3), a[::-1], a.view(np.int8))}) == 5


@pytest.mark.parametrize("channels", [3, 4])
def test_png_round_trip(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, channels), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(images.encode_png(pixels[:, ::-1])))), pixels[:, ::-1])


def test_thumbnail():
    assert images.thumbnail(noise(), 40).shape == (30, 40, 3)
    assert np.array_equal(images.thumbnail(noise(), 4000), noise())
    assert images.thumbnail(np.zeros((1, 9000, 3), np.uint8), 100).shape == (1, 100, 3)
