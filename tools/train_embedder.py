"""Trains and evaluates reid-lite0, the embedded model.

    PAIRX_DATA=data python -m tools.train_embedder --out pairx/assets/reid-lite0.safetensors --herd herd
    PAIRX_DATA=data python -m tools.train_embedder --evaluate pairx/assets/reid-lite0.safetensors

PAIRX_DATA names a folder with `nyala` and `lions`; each holds photographs and a `metadata.csv` (image_id, path,
identity, optional orientation and encounter), and so does the rendered herd. A third of the nyalas and of the lions are
never trained on: the test identities. `--explore` also leaves out validation identities, to choose a recipe by.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from pairx import images, load_model
from pairx.models import EmbeddingNet

ARCHITECTURE = "tf_efficientnet_lite0"
BASELINE = "lite0-imagenet"
DEFAULT_LAYER = "blocks.4"
CENTRE = 127.5  # of pixel values, and what they are divided by: mean and std of .5
COLUMNS = ["image_id", "path", "identity", "orientation", "encounter", "dataset"]


@dataclass(frozen=True)
class Recipe:
    """What a training depends on.

    size: input side in training, pixels. final_size: input side of the finished model; crops show animals larger than
    they are, so a larger input suits it better (Touvron et al. 2019). average: weight of the past in the moving average
    of the weights, which is what is released. smallest_crop: share of the area. rotation: degrees. colour: largest log
    change. gray, erase, drop_path, mirror: probabilities. frozen_blocks: how many keep their ImageNet weights. lions,
    herd: share an epoch sees. flanks: 1 makes each flank of an animal a class, 0 each animal. spread: of the first
    class centres.
    """

    size: int = 352
    final_size: int = 416
    epochs: int = 50
    batch: int = 16
    average: float = 0.998
    rate: float = 3e-4
    class_rate: float = 4e-3
    weight_decay: float = 0.01
    margin: float = 0.3
    scale: float = 24.0
    smallest_crop: float = 0.5
    rotation: float = 10.0
    colour: float = 0.3
    gray: float = 0.1
    erase: float = 0.25
    drop_path: float = 0.1
    frozen_blocks: int = 2
    lions: float = 0.25
    herd: float = 0.25
    flanks: int = 1
    mirror: float = 0.5
    spread: float = 0.01
    seed: int = 0


# Data


def read_photographs(folder: Path) -> pd.DataFrame:
    """One row a photograph; `path` is complete, orientation and encounter are "" where the folder has none."""
    table = pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False)
    table["path"] = [str(folder / path) for path in table["path"]]
    return table.assign(dataset=folder.name).reindex(columns=COLUMNS, fill_value="")


def leave_out(photographs: pd.DataFrame, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two thirds and one third, by identity: shuffled, sorted by number of photographs, every third from the second."""
    counts = photographs["identity"].value_counts().sort_index()
    shuffled = counts.iloc[np.random.default_rng(seed).permutation(len(counts))]
    out = photographs["identity"].isin(shuffled.sort_values(kind="stable").index[1::3])
    return photographs[~out], photographs[out]


def load_squashed(photographs: pd.DataFrame, size: int) -> np.ndarray:
    """(N, size, size, 3) uint8 RGB, by the project's one resize."""
    return np.stack([images.resize(images.decode(path), (size, size)) for path in photographs["path"]])


def to_input(batch: np.ndarray) -> torch.Tensor:
    """(B, H, W, 3) uint8 to (B, 3, H, W) float32 from -1 to 1, in channels-last memory."""
    return ((torch.from_numpy(batch) - CENTRE) / CENTRE).permute(0, 3, 1, 2)


# Augmentation


def random_warp(image: np.ndarray, recipe: Recipe, mirrored: bool, rng: np.random.Generator) -> np.ndarray:
    """Crop, stretch, rotate and perhaps mirror in one affine map: (S, S, 3) to (size, size, 3) uint8."""
    side, size = image.shape[0], recipe.size
    area, stretch = rng.uniform(recipe.smallest_crop, 1), math.exp(rng.uniform(-0.15, 0.15))
    crop = np.minimum(np.sqrt(area) * np.array([stretch, 1 / stretch]), 1) * side
    centre = crop / 2 + rng.uniform(size=2) * (side - crop)
    angle = math.radians(rng.uniform(-recipe.rotation, recipe.rotation))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.diag(crop / size * np.array([-1 if mirrored else 1, 1]))
    to_source = np.column_stack([linear, centre - 0.5 - linear @ np.full(2, (size - 1) / 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, to_source, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def random_colour(image: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Light and colours changed in one linear map, perhaps a box erased: (H, W, 3) uint8 to the same."""
    brightness, contrast, saturation = np.exp(rng.uniform(-recipe.colour, recipe.colour, 3))
    saturation = 0 if rng.random() < recipe.gray else saturation
    tint = np.exp(rng.uniform(-recipe.colour, recipe.colour, 3) / 4)
    luma = np.array([0.299, 0.587, 0.114])
    mixing = contrast * (saturation * np.eye(3) + (1 - saturation) * luma)
    offset = np.full(3, (1 - contrast) * luma @ cv2.mean(image)[:3])
    image = cv2.transform(image, brightness * tint[:, None] * np.column_stack([mixing, offset]))
    if rng.random() < recipe.erase:
        h, w = (rng.uniform(0.15, 0.4, 2) * image.shape[0]).astype(int)
        y, x = rng.integers(image.shape[0] - h), rng.integers(image.shape[1] - w)
        image[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    return image


def epoch_batches(
    pictures: np.ndarray, labels: np.ndarray, shares: np.ndarray, recipe: Recipe, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs (B, 3, size, size) and classes (B,); each picture is drawn with its share.

    A coat mirrored is another coat, so mirrored pictures are classes of their own: twice as many to tell apart.
    """
    drawn = rng.permutation(np.flatnonzero(rng.random(len(pictures)) < shares))
    for chosen in np.array_split(drawn, max(1, len(drawn) // recipe.batch)):
        mirrored = rng.random(len(chosen)) < recipe.mirror
        warped = [random_warp(pictures[i], recipe, flip, rng) for i, flip in zip(chosen, mirrored, strict=True)]
        batch = np.stack([random_colour(image, recipe, rng) for image in warped])
        yield to_input(batch), torch.from_numpy(labels[chosen] + mirrored * (labels.max() + 1))


# Network and loss


def imagenet_net(drop_path: float) -> EmbeddingNet:
    """The network before training: ImageNet weights, GeM with p = 3, a BatchNorm that changes nothing."""
    backbone = timm.create_model(ARCHITECTURE, num_classes=0, global_pool="", drop_path_rate=drop_path)
    backbone.load_state_dict(load_model(BASELINE, device="cpu").module.state_dict())
    return EmbeddingNet(backbone).to(memory_format=torch.channels_last)


def speed_up_depthwise(net: nn.Module) -> None:
    """Depthwise convolutions in float32 under autocast: on a CPU their bfloat16 backward is slower."""

    def in_float32(forward: nn.Module, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            return forward(x.float())

    for module in net.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            module.forward = partial(in_float32, module.forward)


def train_mode(net: EmbeddingNet, frozen_blocks: int) -> None:
    """Training mode, but the first blocks, and the stem before them, keep their weights and statistics."""
    net.train()
    stem = [net.backbone.conv_stem, net.backbone.bn1] if frozen_blocks else []
    for part in [*stem, *net.backbone.blocks[:frozen_blocks]]:
        part.eval().requires_grad_(False)


def save_net(net: EmbeddingNet, path: Path, size: int) -> None:
    """Write float16 safetensors whose metadata say how to use them."""
    state = {name: value.half() if value.is_floating_point() else value for name, value in net.state_dict().items()}
    facts = {"size": str(size), "mean": "0.5,0.5,0.5", "std": "0.5,0.5,0.5", "default_layer": DEFAULT_LAYER}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in state.items()}, path, facts)


class ArcFace(nn.Module):
    """Softmax with an additive angular margin (Deng et al. 2019, eq. 3): (B, D) embeddings and (B,) classes to a loss.

    ignored: (K, K) bool, which classes are no negatives of a class.
    """

    def __init__(self, dim: int, ignored: torch.Tensor, recipe: Recipe) -> None:
        super().__init__()
        self.centres = nn.Parameter(recipe.spread * torch.randn(len(ignored), dim))
        self.ignored, self.margin, self.scale = ignored, recipe.margin, recipe.scale

    def forward(self, embeddings: torch.Tensor, classes: torch.Tensor, strength: float) -> torch.Tensor:
        cosine = functional.normalize(embeddings) @ functional.normalize(self.centres).T
        angle = cosine.gather(1, classes[:, None]).clamp(-1 + 1e-6, 1 - 1e-6).acos()
        logits = cosine.scatter(1, classes[:, None], (angle + strength * self.margin).cos())
        return functional.cross_entropy(self.scale * logits.masked_fill(self.ignored[classes], -1.0), classes)


def classes_of(photographs: pd.DataFrame, flanks: bool) -> tuple[np.ndarray, torch.Tensor]:
    """(N,) class of each photograph and (K, K) bool, which classes are no negatives of each other.

    A class is an animal, or a flank of one. K counts mirrored classes too. The classes of one animal share its shape:
    to push them apart taught less in every trial.
    """
    animals = photographs["dataset"] + "/" + photographs["identity"]
    labels, _ = pd.factorize(animals + "/" + photographs["orientation"] if flanks else animals)
    animal_of = np.tile(animals.groupby(labels).first().to_numpy(), 2)
    return labels, torch.from_numpy((animal_of[:, None] == animal_of) & ~np.eye(len(animal_of), dtype=bool))


@torch.no_grad()
def follow(average: EmbeddingNet, net: EmbeddingNet, steps: int, decay: float) -> None:
    """Move the averaged network's weights and statistics towards the trained one's; faster in the first steps."""
    decay = min(decay, (1 + steps) / (10 + steps))
    for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)


@torch.no_grad()
def weigh_channels(net: EmbeddingNet, pictures: np.ndarray, labels: np.ndarray) -> None:
    """Multiply each channel of the embedding by its Fisher ratio: variance of the classes' means over variance within.

    pictures: (N, size, size, 3) uint8; labels: (N,) their classes, 0 to K - 1. The last BatchNorm takes the factors,
    whose mean is 1. Both variances are of embeddings of length 1.
    """
    units = functional.normalize(embed(net, pictures)).double()
    classes = torch.from_numpy(labels)
    means = torch.stack([units[classes == label].mean(0) for label in range(int(classes.max()) + 1)])
    within = (units - means[classes]).square().mean(0)
    ratio = means.var(0) / within.clamp(min=within.mean() / 1000)  # a channel may be constant
    factors = (ratio / ratio.mean()).float()
    net.bn.weight.mul_(factors)
    net.bn.bias.mul_(factors)


# Evaluation


def top_1_and_5(
    embeddings: np.ndarray, identities: np.ndarray, hidden: np.ndarray | bool = False
) -> tuple[int, float, float]:
    """Number of queries, and the shares with their identity nearest and among the five nearest.

    hidden: (N, N) bool, which photographs are not in the gallery of a query, which itself never is. Queries are the
    photographs whose gallery has their identity.
    """
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    hidden = hidden | np.eye(len(unit), dtype=bool)
    same = (identities[:, None] == identities) & ~hidden
    order = np.argsort(np.where(hidden, -np.inf, unit @ unit.T), axis=1)[:, ::-1]
    hits = np.take_along_axis(same, order, axis=1)[same.any(1)]
    return len(hits), hits[:, 0].mean(), hits[:, :5].any(1).mean()


def result_rows(photographs: pd.DataFrame, title: str, models: dict[str, np.ndarray]) -> Iterator[str]:
    """Rows of the table: each model with every other photograph as gallery, then without the query's own encounter."""
    identities, encounters = photographs["identity"].to_numpy(), photographs["encounter"].to_numpy()
    together = encounters[:, None] == encounters
    galleries = {"all others": False} | ({"other encounters": together} if not together.all() else {})
    for gallery, hidden in galleries.items():
        for model, embeddings in models.items():
            queries, first, fifth = top_1_and_5(embeddings, identities, hidden)
            individuals = len(set(identities))
            yield f"| {title} | {gallery} | {individuals} | {queries} | {model} | {first:.1%} | {fifth:.1%} |"


def evaluate(weights: Path, data: Path) -> None:
    """Print how large the model is, what it was not tested on, and how often the nearest photographs of left-out
    individuals show the same individual.
    """
    trained = load_model("reid-lite0", weights=weights)
    numbers = sum(parameter.numel() for parameter in trained.module.parameters())
    print(f"{numbers / 1e6:.1f} million weights, {weights.stat().st_size / 1e6:.1f} MB\n")
    photographs = {name: read_photographs(data / name) for name in ("nyala", "lions")}
    for name, every in photographs.items():
        kept, _ = leave_out(every)
        individuals = f"{kept['identity'].nunique()} of {every['identity'].nunique()} individuals"
        print(f"{name}: trained on {len(kept)} of {len(every)} photographs, {individuals}")
    models = {"ImageNet weights": load_model(BASELINE, size=trained.size), "reid-lite0": trained}
    print("\n| left out | gallery | individuals | queries | model | top-1 | top-5 |\n|---|---|---|---|---|---|---|")
    for name, every in photographs.items():
        _, test = leave_out(every)
        embeddings = {title: model.embed(test["path"]) for title, model in models.items()}
        print(*result_rows(test, name, embeddings), sep="\n", flush=True)


# Training


def one_cycle(done: float) -> float:
    """Learning rate, as a share of the highest: up over the first fifth of the training, then down half a cosine."""
    if done < 0.2:
        return max(0.04, done / 0.2)
    return max(0.001, 0.5 + 0.5 * math.cos(math.pi * min(1.0, (done - 0.2) / 0.8)))


@torch.no_grad()
def embed(net: EmbeddingNet, pictures: np.ndarray) -> torch.Tensor:
    """(N, size, size, 3) uint8 to embeddings (N, D), of the network as it is used."""
    net.eval()
    parts = np.array_split(pictures, math.ceil(len(pictures) / 32))
    return torch.cat([net(to_input(part)) for part in parts])


def watch(net: EmbeddingNet, pictures: np.ndarray, identities: np.ndarray) -> str:
    """How the network does on photographs that it is not trained on, in words."""
    _, first, fifth = top_1_and_5(embed(net, pictures).numpy(), identities)
    return f"  validation top-1 {first:.1%} top-5 {fifth:.1%}"


def train(chosen: pd.DataFrame, validation: pd.DataFrame | None, recipe: Recipe, out: Path) -> None:
    """Train on the chosen photographs; after each epoch print how it goes and write the averaged weights.

    At the end the channels are weighed, on the photographs that every epoch sees.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    pictures = load_squashed(chosen, round(1.25 * recipe.size))  # larger, so that a crop has its detail
    watched = None if validation is None else load_squashed(validation, recipe.final_size)
    shares = chosen["dataset"].map({"nyala": 1.0, "lions": recipe.lions}).fillna(recipe.herd).to_numpy()
    steps = recipe.epochs * max(1.0, shares.sum() / recipe.batch)
    labels, ignored = classes_of(chosen, bool(recipe.flanks))
    net = imagenet_net(recipe.drop_path)
    speed_up_depthwise(net)
    train_mode(net, recipe.frozen_blocks)
    average = copy.deepcopy(net)
    loss_of = ArcFace(net.bn.num_features, ignored, recipe)
    learned = [parameter for parameter in net.parameters() if parameter.requires_grad]
    groups = [{"params": learned}, {"params": loss_of.parameters(), "lr": recipe.class_rate}]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: one_cycle(step / steps))
    start = time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        train_mode(net, recipe.frozen_blocks)
        losses = []
        for inputs, classes in epoch_batches(pictures, labels, shares, recipe, rng):
            with torch.autocast("cpu", torch.bfloat16):
                embeddings = net(inputs)
            strength = min(1.0, 3 * schedule.last_epoch / steps)  # a margin from the start is too hard to learn
            loss = loss_of(embeddings.float(), classes, strength)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learned, 5.0)
            optimizer.step()
            schedule.step()
            follow(average, net, schedule.last_epoch, recipe.average)
            losses.append(loss.item())
        result = "" if watched is None else watch(average, watched, validation["identity"].to_numpy())
        print(f"epoch {epoch}  loss {np.mean(losses):.3f}  {time.monotonic() - start:.0f} s{result}", flush=True)
        save_net(average, out, recipe.final_size)
    main = shares == shares.max()  # one species: between species all channels differ
    weigh_channels(average, load_squashed(chosen[main], recipe.final_size), pd.factorize(labels[main])[0])
    save_net(average, out, recipe.final_size)


def training_set(data: Path, herd: Path | None, explore: bool) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """What to train on, never test identities, and, to explore, the validation identities taken out of it."""
    nyala, _ = leave_out(read_photographs(data / "nyala"))
    lions, _ = leave_out(read_photographs(data / "lions"))
    nyala, validation = leave_out(nyala, seed=1) if explore else (nyala, None)
    parts = [nyala, lions] + ([read_photographs(herd)] if herd else [])
    return pd.concat(parts, ignore_index=True), validation


def main() -> None:
    """Parse the command line and do what it asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--out", type=Path, help="train, and write the weights here")
    task.add_argument("--evaluate", type=Path, metavar="WEIGHTS", help="print the results of these weights")
    parser.add_argument("--herd", type=Path, dest="herd_folder", metavar="DIR", help="a rendered herd to train on too")
    parser.add_argument("--explore", action="store_true", help="leave out validation identities and watch them")
    for field in fields(Recipe):
        option = f"--{field.name.replace('_', '-')}" + ("-share" if field.name in ("lions", "herd") else "")
        parser.add_argument(option, dest=field.name, type=type(field.default), default=field.default)
    args = parser.parse_args()
    data = Path(os.environ.get("PAIRX_DATA") or parser.error("PAIRX_DATA must name the folder with nyala and lions"))
    if args.evaluate:
        return evaluate(args.evaluate, data)
    chosen, validation = training_set(data, args.herd_folder, args.explore)
    recipe = Recipe(**{field.name: getattr(args, field.name) for field in fields(Recipe)})
    print(f"{len(chosen)} photographs, {recipe}", flush=True)
    train(chosen, validation, recipe, args.out)


if __name__ == "__main__":
    main()
