"""Do batches embed photographs faster than one at a time, on this machine's cores?

    python -m benchmarks.embeddings [--models reid-lite0,timm:vit_small_patch16_224] [--photographs 32] [--record]

Processor milliseconds a photograph of the network alone, by batch and by how its input lies in memory: planes of
colours (NCHW), or colours of each pixel together (NHWC). Then the same of `pairx.EmbeddingModel.embed`, with what it
decodes and resizes. One thread; every way in turn, the least of the rounds. Weights that are not here are random.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

import pairx
from benchmarks.record import add_record, keep
from pairx.datasets import load_dataset
from pairx.models import BUNDLED

BATCHES = (1, 2, 4, 8, 16)
ROUNDS = 3
LAYOUTS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}


def seconds(work: Callable[[], object]) -> float:
    """Of one processor."""
    started = time.process_time()
    work()
    return time.process_time() - started


def in_batches(module: torch.nn.Module, x: torch.Tensor, batch: int, layout: torch.memory_format) -> None:
    """All inputs through the network."""
    with torch.inference_mode():
        for part in x.split(batch):
            module(part.contiguous(memory_format=layout))


def measured(model: pairx.EmbeddingModel, images: list[np.ndarray]) -> tuple[dict[tuple[int, str], float], float]:
    """Milliseconds a photograph of each batch and layout, and of `embed`."""
    x = torch.stack([model.preprocessing(image) for image in images])
    ways = [(batch, layout) for layout in LAYOUTS for batch in BATCHES]
    in_batches(model.module, x[:2], 1, torch.contiguous_format)
    rounds = []
    for _ in range(ROUNDS):
        found = [seconds(partial(in_batches, model.module, x, batch, LAYOUTS[layout])) for batch, layout in ways]
        rounds.append([*found, seconds(partial(model.embed, images))])
    least = 1000 * np.min(rounds, axis=0) / len(x)
    return dict(zip(ways, least[:-1], strict=True)), float(least[-1])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="reid-lite0,timm:vit_small_patch16_224")
    parser.add_argument("--photographs", type=int, default=32)
    add_record(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    herd = load_dataset("sample")
    images = [herd.load(row)[0] for row in range(arguments.photographs)]
    ratios = {}
    for name in arguments.models.split(","):
        model = pairx.load_model(name, pretrained=name in BUNDLED, device="cpu")
        least, whole = measured(model, images)
        alone = least[1, "NCHW"]
        print(f"\n{name}, {model.size[0]} x {model.size[1]} px: ms a photograph, and how many times one at a time")
        print(f"{'batch':<8}" + "".join(f"{batch:>14}" for batch in BATCHES))
        for layout in LAYOUTS:
            cells = (f"{least[batch, layout]:>8.1f} {alone / least[batch, layout]:>4.2f}x" for batch in BATCHES)
            print(f"{layout:<8}" + "".join(cells))
        print(f"EmbeddingModel.embed {whole:.1f} ms, {alone / whole:.2f}x", flush=True)
        ratios[f"{name}, batches of {BATCHES[-1]} / embed"] = least[BATCHES[-1], "NCHW"] / whole
    keep("embeddings", arguments, ratios)


if __name__ == "__main__":
    main()
