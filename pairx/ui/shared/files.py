"""Pictures and files for the page: within a value, or in gradio's cache, from which the browser fetches them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gradio.utils import get_upload_folder
from PIL import Image

from pairx import images
from pairx.types import ImagePair
from pairx.ui.shared.payload import FileData, FilePhoto

LONGEST = 1000  # px of a photograph that shares the page with others; it can be zoomed into


def thumbnails(pictures: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Small pictures for a page, by the same names."""
    return {name: data_uri(images.thumbnail(picture, 180), "webp", quality=80) for name, picture in pictures.items()}


def encoded(image: np.ndarray, kind: str, **how: Any) -> bytes:
    """The bytes of an image file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **how)
    return file.getvalue()


def cached(data: bytes, name: str) -> str:
    """The path of a file of this name in gradio's cache that holds the data. It is written whole or not at all, as
    others may be fetching the same."""
    folder = Path(get_upload_folder()) / hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(data)
    path = folder / name
    os.replace(file.name, path)
    return str(path.resolve())


def file_data(path: str) -> FileData:
    """A file of gradio's cache in a component's value, from which the browser gets its address."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def fresh(value: dict[str, Any]) -> dict[str, Any]:
    """The value, unlike any before: the browser draws it although it may hold the same, as the person asked again."""
    return {**value, "asked": uuid.uuid4().hex}


def data_uri(image: np.ndarray, kind: str, **how: Any) -> str:
    """An image within a value."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded(image, kind, **how)).decode()}"


def file_of(data: bytes, name: str) -> FileData:
    """A file of the cache with these bytes, in a component's value."""
    return file_data(cached(data, name))


def json_file(data: Any, name: str) -> FileData:
    """JSON as a file of the cache, in a component's value."""
    return file_of(json.dumps(data, allow_nan=False).encode(), name)


def photos_of(pair: ImagePair) -> list[FilePhoto]:
    """Both photographs as files, so that many pictures share them."""
    return [
        {
            "file": file_of(encoded(images.thumbnail(photo, LONGEST), "jpeg", quality=90), "photograph.jpg"),
            "width": photo.shape[1],
            "height": photo.shape[0],
            "name": name,
        }
        for photo, name in ((pair.image0, pair.id0), (pair.image1, pair.id1))
    ]
