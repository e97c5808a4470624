"""Does every family of timm's architectures get in, and is its relevance right, or told not to be?

    python -m benchmarks.sweep [--families resnet,byobnet,repvit_m1,…] [--json OUT] [--seconds N]

Of each family (a module of timm's) the smallest architecture, or those named, at the smallest side of SIDES that it
takes: loaded as a user does, with random weights whose BatchNorm statistics come from photographs of the sample herd,
and with layer scales as after training, as timm's first ones leave residual branches silent. PAIR-X explains a pair of
the herd with the engine `exact`, at the model's own layer and to the pixels. Prints one markdown row each, and how
many had which outcome:

    right     the account closes within 1 % to the layer and to the pixels, no map grew more than twofold, and float64
              gives the same within 1 % of a map's maximum, or as far as the network's own embeddings are the same
    told      the explanation itself says what is wrong with it
    refused   an InputError says in one line what is not possible
    WRONG     the account is open, a map grew or float64 gives another one, and nothing says so
    not run   its work takes more than SECONDS or GIB
    fault     anything else: another error, a crash

Account: relevance that neither arrives nor ends in a parameter, to the layer / to the pixels. Grown: the sum of
magnitudes of the cells over the similarity / of pixel maps over what started, at most. Float64: the largest difference
of cells / pixel maps to those in float64, in a map's maximum; Network: of the network's own embeddings, in their
maximum, by plain torch. Zennit: the largest difference of cells to zennit's, in
float64 and under the rules that both have (`epsilon-plus`, BatchNorm passed). Each architecture has a process of its
own. With --json, rows are kept there, and those that are there already are not computed again.

Target: nothing WRONG and no fault.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from multiprocessing import connection, get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import timm
import torch

import pairx
from benchmarks.engine import into_float64, relative
from pairx.core import pair_x
from pairx.datasets import load_herd
from pairx.lrp import belief, record
from pairx.lrp.policy import Policy
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError

SIDES = (96, 128, 192, 224, 240, 256)  # px
CLOSED, SAME = 0.01, 0.01
CALIBRATING, COLORS, TRIED = 8, 2, 3
SCALE = 0.5
LARGE = "base", "large", "huge", "giant", "so400m"
SECONDS, GIB = 120, 10
SETTINGS = pair_x.Options(engine="exact", k_colors=COLORS)


@dataclass(frozen=True)
class Row:
    """What came of one architecture; numbers as text."""

    family: str
    architecture: str = ""
    layer: str = ""
    size: str = ""
    outcome: str = ""
    account: str = ""
    grown: str = ""
    float64: str = ""
    network: str = ""
    zennit: str = ""
    seconds: str = ""
    said: str = ""


COLUMNS = tuple(field.name for field in fields(Row))


def photographs() -> list[str]:
    """Paths in the sample herd; the first two show the same flank of one animal, the others are of others."""
    animals = [list(map(str, views["path"])) for _, views in load_herd().table.groupby(["identity", "orientation"])]
    first = next(views for views in animals if len(views) > 1)
    return [*first[:2], *(views[0] for views in animals if views is not first)][: 2 + CALIBRATING]


def smallest(family: str) -> list[str]:
    """A family's architectures by their number of weights, or the one that is named."""
    if family not in timm.list_modules():
        return [family]
    weights, names = {}, timm.list_models(module=family, exclude_filters="test_*")
    for name in [name for name in names if not any(size in name for size in LARGE)] or names:
        with torch.device("meta"):
            weights[name] = sum(value.numel() for value in timm.create_model(name, num_classes=0).parameters())
    return sorted(weights, key=weights.__getitem__)[:TRIED]


def load(name: str, paths: list[str]) -> EmbeddingModel:
    """The model at the smallest side that it takes. Raises the last InputError where it takes none."""
    for side in SIDES:
        try:
            return scaled(f"timm:{name}", side, paths)
        except InputError as error:
            last = error
    raise last


def scaled(name: str, side: int, paths: list[str]) -> EmbeddingModel:
    """The model with layer scales as after training, and then calibrated."""
    torch.manual_seed(0)
    about = {"pretrained": False, "size": side, "device": "cpu"}
    module = pairx.load_model(name, **about).module
    for key, value in module.named_parameters():
        alike = value.numel() == max(value.shape, default=1) and bool((value == value.flatten()[0]).all())
        if alike and abs(value.flatten()[0]) < SCALE and not any(part in key for part in ("bias", "token", "pos")):
            value.fill_(SCALE)
    with TemporaryDirectory() as folder:
        torch.save(module.state_dict(), file := Path(folder) / "weights.pth")
        return pairx.load_model(name, weights=file, calibrate=paths, **about)


def sweep(family: str, told: connection.Connection) -> None:
    """Send the row of a family, as far as it is known."""
    resource.setrlimit(resource.RLIMIT_AS, (GIB << 30, GIB << 30))
    torch.set_num_threads(1)
    started, about, paths = time.perf_counter(), {"family": family}, photographs()

    def tell(**more: str) -> None:
        told.send(Row(**about | more | {"seconds": f"{time.perf_counter() - started:.0f}"}))

    try:
        names = smallest(family)
        for name in names:
            about["architecture"] = name
            tell()
            try:
                model = load(name, paths[2:])
                break
            except InputError:
                if name == names[-1]:
                    raise
        about |= {"layer": model.default_layer, "size": "x".join(map(str, model.size))}
        tell()
        tell(**checked(model, pairx.load_pair(*paths[:2])))
    except InputError as error:
        tell(outcome="refused", said=str(error))
    except Exception as error:  # which is what is looked for
        large = isinstance(error, MemoryError) or "allocate memory" in str(error)
        tell(outcome="not run" if large else "fault", said=f"{type(error).__name__}: {error}")


def checked(model: EmbeddingModel, pair: ImagePair) -> dict[str, str]:
    """The outcome of one model, and the numbers that it is judged by."""
    found = pairx.explain(model, pair, layer=model.default_layer, engine="exact", k_colors=COLORS)
    metrics = found.metrics
    account = [max(metrics.get(f"{name}{side}", 0.0) for side in "01") for name in ("error", "pixel_error")]
    growths = [metrics[name] for name in metrics if "growth" in name]
    grown = max(metrics["magnitude0"], metrics["magnitude1"]), max(growths)
    embeddings = model.embed([pair.image0, pair.image1])
    double = differences(found, model, pair)
    unsure = relative(embeddings, model.embed([pair.image0, pair.image1]))
    doubts = [note for note in found.notes if any(word in note for word in ("divisions by almost zero", "grew"))]
    sound = max(account) <= CLOSED and max(growths) <= belief.NOTED_GROWTH and max(double) <= max(SAME, unsure)
    return {
        "outcome": "told" if doubts else "right" if sound else "WRONG",
        "account": both(account),
        "grown": " / ".join(f"{value:.2g}" for value in grown),
        "float64": both(double),
        "network": f"{unsure:.0e}",
        "zennit": beside_zennit(model, pair),
        "said": " ".join(doubts),
    }


def both(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.0e}" for value in values)


def differences(found: Explanation, model: EmbeddingModel, pair: ImagePair) -> tuple[float, float]:
    """Of cells and of the pixel maps of the same cells, to what float64 gives; turns the model into float64."""
    into_float64(model)
    right = pairx.explain(model, pair, layer=model.default_layer, engine="exact", k_colors=COLORS)
    cells, pixels = [], [0.0]
    for side in "01":
        cells.append(relative(getattr(found, f"map{side}"), getattr(right, f"map{side}")))
        own, others = (painted(one, side) for one in (found, right))
        pixels += [relative(own[cell], others[cell]) for cell in own.keys() & others.keys()]
    return largest(cells), largest(pixels)


def painted(one: Explanation, side: str) -> dict[tuple[int, ...], np.ndarray]:
    """The pixel map of each painted cell (row, column)."""
    cells = getattr(one.matches, f"cells{side}")
    maps = getattr(one, f"pixel_maps{side}")
    return {tuple(cell): values for cell, values in zip(cells, maps, strict=False) if values.any()}


def beside_zennit(model: EmbeddingModel, pair: ImagePair) -> str:
    """The difference of cells to zennit's; a dash where it has no rule."""
    x, path = model.preprocessing(pair.image0)[None], model.path(model.default_layer)
    found = []
    for engine in ("exact", "zennit"):
        try:
            with record(model.module, x, [path], Policy(composite="epsilon-plus", batchnorm="pass"), engine) as one:
                found.append(model.to_grid(one.relevance(path, one.output[None])[0])[0].sum(0).numpy())
        except InputError:
            return "–"
    return f"{relative(*found):.0e}"


def largest(values: list[float]) -> float:
    """The largest, infinite where one is no number."""
    return max(value if math.isfinite(value) else math.inf for value in values)


def in_process(family: str, seconds: float) -> Row:
    """The row of a family, from a process of its own that may take so long."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.engine"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=sweep, args=(family, theirs), daemon=True)
    process.start()
    theirs.close()
    row, until = Row(family), time.monotonic() + seconds
    try:
        while not row.outcome:
            if not ours.poll(max(0.0, until - time.monotonic())):
                return Row(**asdict(row) | {"outcome": "not run", "said": f"not done after {seconds:.0f} s"})
            row = ours.recv()
    except EOFError:
        row = Row(**asdict(row) | {"outcome": "fault", "said": "the process ended"})
    finally:
        process.kill()
        process.join()
    return row


def kept(file: Path | None) -> dict[str, Row]:
    """The rows of a file, by family."""
    rows = json.loads(file.read_text()) if file is not None and file.exists() else []
    return {row["family"]: Row(**row) for row in rows}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", help="modules of timm's, or architectures, with commas between (default: all)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where rows are kept")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each (default: %(default)s)")
    arguments = parser.parse_args()
    families = arguments.families.split(",") if arguments.families else timm.list_modules()
    rows = kept(arguments.json)
    print("|", " | ".join(COLUMNS), "|")
    print("|---" * len(COLUMNS) + "|")
    for family in families:
        if family not in rows:
            rows[family] = in_process(family, arguments.seconds)
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(row) for row in rows.values()], indent=1))
        texts = (" ".join(text.replace("|", "/").split()) for text in asdict(rows[family]).values())
        print("|", " | ".join(texts), "|", flush=True)
    counts = Counter(rows[family].outcome for family in families)
    print(f"\n{len(families)} architectures:", ", ".join(f"{number} {name}" for name, number in counts.most_common()))


if __name__ == "__main__":
    main()
