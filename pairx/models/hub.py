"""Fetching weights from the Hugging Face hub: only weights, only when asked for, and failing within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import RemoteEntryNotFoundError
from huggingface_hub.utils import get_session  # type: ignore[attr-defined]  # public, by another way than mypy follows

from pairx.models.registry import EMBEDDED
from pairx.types import InputError

FILES = ("model.safetensors", "pytorch_model.bin")


def fetch(repository: str, filenames: Sequence[str] = FILES) -> Path:
    """The first of the named files that the repository holds, from the local cache where it is there.

    Raises InputError where the hub cannot be reached or has none of them.
    """
    for filename in filenames:
        if isinstance(cached := try_to_load_from_cache(repository, filename), str):
            return Path(cached)
    _reach(repository)
    for filename in filenames:
        try:
            return Path(hf_hub_download(repository, filename))
        except RemoteEntryNotFoundError:
            continue
        except Exception as error:  # the client raises its own, httpx's and the system's errors
            raise _unreachable(repository, error) from error
    raise InputError(
        f"{repository} holds no {' or '.join(filenames)}. Use {EMBEDDED}, or give a checkpoint with --weights."
    )


def _reach(repository: str) -> None:
    """One short request first: the client itself tries for half a minute before it gives up."""
    if constants.HF_HUB_OFFLINE:
        raise _unreachable(repository, "HF_HUB_OFFLINE is set")
    try:
        get_session().head(constants.ENDPOINT, timeout=5)
    except Exception as error:  # see above
        raise _unreachable(repository, error) from error


def _unreachable(repository: str, reason: object) -> InputError:
    first = (str(reason).splitlines() or [""])[0][:100]
    return InputError(
        f"{repository} could not be fetched from the hub ({first}). "
        f"Check the network, or use {EMBEDDED}, which comes with the app."
    )
