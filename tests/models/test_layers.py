"""Which layers a model offers, and how their outputs lie on a grid."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from pairx import InputError, load_model
from pairx.models import EmbeddingModel, ModelCard, Preprocessing
from pairx.testing import make_pair

SIZES = {"lite0-imagenet": 96, "timm:swin_tiny_patch4_window7_224": 64}


@cache
def load(name: str) -> EmbeddingModel:
    """At 64 px (lite0 at 96), with random weights where the published ones are on the hub."""
    return load_model(name, pretrained=name == "lite0-imagenet", size=SIZES.get(name, 64), device="cpu")


# name, stride, cells a side, channels; the default layer
KNOWN = {
    "lite0-imagenet": (
        ("blocks.0", 2, 48, 16),
        ("blocks.1", 4, 24, 24),
        ("blocks.2", 8, 12, 40),
        ("blocks.3", 16, 6, 80),
        ("blocks.4", 16, 6, 112),
        ("blocks.5", 32, 3, 192),
        ("blocks.6", 32, 3, 320),
        "blocks.3",
    ),
    "timm:resnet18": (
        ("act1", 2, 32, 64),
        ("layer1", 4, 16, 64),
        ("layer2", 8, 8, 128),
        ("layer3", 16, 4, 256),
        ("layer4", 32, 2, 512),
        "layer3",
    ),
    "timm:swin_tiny_patch4_window7_224": (
        ("layers.0", 4, 16, 96),
        ("layers.1", 8, 8, 192),
        ("layers.2", 16, 4, 384),
        ("layers.3", 32, 2, 768),
        "layers.2",
    ),
    "timm:vit_tiny_patch16_224": (*((f"blocks.{block}", 16, 4, 192) for block in range(12)), "blocks.6"),
    "timm:convnext_atto": (
        ("stages.0", 4, 16, 40),
        ("stages.1", 8, 8, 80),
        ("stages.2", 16, 4, 160),
        ("stages.3", 32, 2, 320),
        "stages.2",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_layers(name: str) -> None:
    model, (*known, default) = load(name), KNOWN[name]
    assert [(layer.name, layer.stride, layer.grid, layer.channels) for layer in model.layers] == [
        (layer, stride, (side, side), channels) for layer, stride, side, channels in known
    ]
    assert [layer.name for layer in model.layers if layer.default] == [model.default_layer] == [default]


@pytest.mark.parametrize(
    ("name", "layer", "stride", "side", "channels"),
    [
        ("lite0-imagenet", "blocks.3.1", 16, 6, 80),
        ("lite0-imagenet", "conv_stem", 2, 48, 32),
        ("timm:convnext_atto", "stages.0.blocks.0.mlp.fc1", 4, 16, 160),
        ("timm:swin_tiny_patch4_window7_224", "layers.1.blocks.1", 8, 8, 192),
        ("timm:vit_tiny_patch16_224", "blocks.0.mlp", 16, 4, 192),
    ],
)
def test_deeper_modules_by_name(name: str, layer: str, stride: int, side: int, channels: int) -> None:
    found = load(name).layer(layer)
    assert (found.name, found.stride, found.grid, found.channels) == (layer, stride, (side, side), channels)
    assert load(name).encode(make_pair(), [layer]).activations[layer].shape == (2, channels, side, side)


@pytest.mark.parametrize(
    ("name", "layer", "close"),
    [
        ("lite0-imagenet", "block.3", "blocks.3"),
        ("lite0-imagenet", "bn9", "blocks.0, blocks.1"),
        ("lite0-imagenet", "", "blocks.0, blocks.1"),
        ("timm:resnet18", "layer33", "layer3"),
        ("timm:resnet18", "fc", "layer1"),
        ("timm:vit_tiny_patch16_224", "blocks.0.attn.q_norm", "blocks.0"),  # tokens by features of a head, no grid
        ("timm:swin_tiny_patch4_window7_224", "layers.0.blocks.0.attn", "layers.0"),  # windows, not an image
        ("timm:swin_tiny_patch4_window7_224", "patch_embed.proj", "layers.0"),  # channels first, unlike the rest
    ],
)
def test_an_unknown_layer_names_close_ones(name: str, layer: str, close: str) -> None:
    with pytest.raises(InputError, match=f"has no layer {layer!r}.*{close}.*layers --model {name}"):
        load(name).encode(make_pair(), [layer])


def test_no_layer_of_a_pooled_model_is_named_by_nothing() -> None:
    with pytest.raises(InputError, match="has no layer ''"):
        load_model("miewid-msv3", pretrained=False, size=32, device="cpu").layer("")


@pytest.mark.parametrize("name", KNOWN)
def test_to_grid_and_back(name: str) -> None:
    model = load(name)
    layer = model.layers[1]
    outputs: list[torch.Tensor] = []
    part = model.module.get_submodule(model.path(layer.name))
    handle = part.register_forward_hook(lambda _module, _input, output: outputs.append(output))
    model.module(torch.randn(2, 3, *model.size))
    handle.remove()
    (output,) = outputs
    grid = model.to_grid(output)
    assert grid.shape == (2, layer.channels, *layer.grid)
    back = model.from_grid(grid, like=output)
    prefix = output.shape[1] - layer.grid[0] * layer.grid[1] if output.ndim == 3 else 0
    assert back.shape == output.shape
    assert torch.equal(back[:, prefix:], output[:, prefix:])
    assert not back[:, :prefix].any()


def test_rows_of_a_grid_are_rows_of_the_image() -> None:
    """A spot at one place of the image is felt most by the cell over it, whatever form the layer has."""
    for name in KNOWN:
        model = load(name)
        layer = model.layers[0]
        side = layer.grid[0]
        row, column = side // 4, side - 1
        blank = torch.zeros(1, 3, *model.size)
        spotted = blank.clone()
        spotted[..., row * layer.stride : (row + 1) * layer.stride, column * layer.stride :] = 1
        outputs = [activation(model, layer.name, x) for x in (blank, spotted)]
        change = (outputs[1] - outputs[0]).norm(dim=1)[0]
        found = divmod(int(change.argmax()), side)
        assert max(abs(found[0] - row), abs(found[1] - column)) <= 1, name


def activation(model: EmbeddingModel, layer: str, x: torch.Tensor) -> torch.Tensor:
    outputs: list[torch.Tensor] = []
    handle = model.module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output))
    model.module(x)
    handle.remove()
    return model.to_grid(outputs[0])


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("timm:twins_pcpvt_small", ["pos_block.0", "pos_block.1", "pos_block.2", "pos_block.3"]),
        ("timm:hrnet_w18_small", ["layer1", "transition2.2", "incre_modules.3", "final_layer"]),  # stages of many grids
        ("timm:cait_xxs24_224", ["blocks.0", "blocks.12", "blocks.23"]),  # its class token comes after them
    ],
)
def test_networks_whose_features_timm_names_otherwise(name: str, layers: list[str]) -> None:
    model = load(name)
    assert set(layers) <= {layer.name for layer in model.layers}
    grid = model.layer(layers[-1]).grid
    channels = model.layer(layers[-1]).channels
    assert model.encode(make_pair(), layers[-1:]).activations[layers[-1]].shape == (2, channels, *grid)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["timm:hiera_tiny_224", "timm:samvit_base_patch16_224"])
def test_grids_of_blocks_that_keep_windows_or_put_channels_last_are_true(name: str) -> None:
    """Hiera's tokens are in the order of its windows; SAM's blocks give (B, h, w, C) and its neck (B, C, h, w)."""
    model = load(name)
    first = next(layer for layer in model.layers if layer.name == "blocks.0")
    for row, column in ((0, first.grid[1] - 1), (first.grid[0] // 2 + 1, 1)):
        blank = torch.zeros(1, 3, *model.size)
        spotted = blank.clone()
        rows, columns = (slice(place * first.stride, (place + 1) * first.stride) for place in (row, column))
        spotted[..., rows, columns] = 1
        outputs = [activation(model, "blocks.0", x) for x in (blank, spotted)]
        change = (outputs[1] - outputs[0]).norm(dim=1)[0]
        assert divmod(int(change.argmax()), first.grid[1]) == (row, column)
    for layer in model.layers:
        found: list[torch.Tensor] = []
        handle = model.module.get_submodule(layer.name).register_forward_hook(
            lambda _m, _i, y, found=found: found.append(y)
        )
        model.module(torch.randn(1, 3, *model.size))
        handle.remove()
        grid = model.to_grid(found[0])
        assert grid.shape == (1, layer.channels, *layer.grid)
        assert torch.equal(model.from_grid(grid, like=found[0]), found[0])


def test_what_comes_before_the_windows_of_hiera_is_no_layer() -> None:
    with pytest.raises(InputError, match="no layer 'patch_embed'"):
        load("timm:hiera_tiny_224").layer("patch_embed")


@pytest.mark.parametrize("name", ["timm:mvitv2_tiny"])  # tuples
def test_a_network_of_tokens_that_make_no_image_says_so(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} has no layer with features on a grid"):
        _ = load(name).layers


def test_a_model_without_a_grid() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 8), nn.Sequential(nn.ReLU(), nn.Linear(8, 4)))
    model = EmbeddingModel(
        ModelCard("mlp", "", "", "mlp", "", ""), network, Preprocessing((12, 12), (0,) * 3, (1,) * 3)
    )
    assert model.encode(make_pair(), []).embeddings.shape == (2, 4)
    for use in (lambda: model.layers, lambda: model.default_layer, lambda: model.layer("2"), lambda: model.layer("x")):
        with pytest.raises(InputError, match="mlp has no layer with features on a grid"):
            use()
