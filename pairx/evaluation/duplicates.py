"""Photographs that are in a data set more than once: what is found there is no finding of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

NAMED = 3  # groups of copies that are told by name


def duplicates(table: pd.DataFrame, keys: Sequence[str], pairs: pd.DataFrame) -> dict[str, Any]:
    """Which photographs of a data set are the same, JSON-ready.

    table: a data set's, with image_id and identity. keys: digests of what its rows show (`key_steps`): the file's
    bytes, the box and its turn. pairs: query and gallery, rows of the table. Returns photographs: how many are copies
    of an earlier one. contradictory: how many photographs are there under several identities. pairs: how many of the
    pairs join two copies. examples: the image_ids of a few.
    """
    codes, _ = pd.factorize(pd.Series(keys))
    groups = table.groupby(codes, sort=False)
    copied = [rows for _, rows in groups if len(rows) > 1] if len(set(codes)) < len(codes) else []
    return {
        "photographs": sum(len(rows) - 1 for rows in copied),
        "contradictory": sum(rows["identity"].nunique() > 1 for rows in copied),
        "pairs": int((codes[pairs["query"]] == codes[pairs["gallery"]]).sum()),
        "examples": [rows["image_id"].tolist()[:2] for rows in copied[:NAMED]],
    }


def duplicates_sentence(found: Mapping[str, Any] | None) -> str:
    """The same in words; empty where there are none, or where an older run did not look for them."""
    if not found or not found["photographs"]:
        return ""
    count, pairs, several = found["photographs"], found["pairs"], found["contradictory"]
    some = ", ".join(" = ".join(ids) for ids in found["examples"])
    parts = [f"{count} photograph{' is a copy' if count == 1 else 's are copies'} of another ({some})"]
    parts.append(f"{pairs or 'none'} of the pairs join{'s' * (pairs == 1)} two copies")
    if several:
        parts.append(f"{several} {'is' if several == 1 else 'are'} there under several identities")
    return "; ".join(parts) + ". Retrieval counts them as found: leave them out."
