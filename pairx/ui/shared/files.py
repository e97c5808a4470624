"""Pictures and files for the page: within a value, or in gradio's cache, from which the browser fetches them."""

from __future__ import annotations

import base64
import hashlib
import io
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


def thumbnails(pictures: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Small pictures for a page, by the same names."""
    return {name: data_uri(images.thumbnail(picture, 220), "jpeg", quality=82) for name, picture in pictures.items()}


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


def file_data(path: str) -> dict[str, Any]:
    """A file of gradio's cache in a component's value, from which the browser gets its address."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def fresh(value: dict[str, Any]) -> dict[str, Any]:
    """The value, unlike any before: the browser draws it although it may hold the same, as the person asked again."""
    return {**value, "asked": uuid.uuid4().hex}


def data_uri(image: np.ndarray, kind: str, **how: Any) -> str:
    """An image within a value."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded(image, kind, **how)).decode()}"
