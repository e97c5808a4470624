"""The engines against each other and against zennit used directly, on whole architectures."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from zennit.composites import EpsilonPlus
from zennit.torchvision import ResNetCanonizer, VGGCanonizer

from pairx.lrp import Policy, record
from pairx.testing import TinyNet
from tests.lrp.by_hand import FAST, assert_near, build, calibrated, noise, only, pixels, shortened

POLICIES = [Policy("norm", "merge"), Policy("plain", "pass")]
# name, the layer that relevance goes to, and one whose cells see a part of the image only
FAMILIES = {
    "resnet18": ("layer3", "layer1"),
    "resnext50_32x4d": ("layer3", "layer1"),
    "regnety_002": ("s3", "s1"),
    "densenet121": ("features.denseblock3", "features.transition1"),
    "vgg11_bn": ("features.18", "features.10"),
    "mobilenetv3_small_050": ("blocks.2", "blocks.1"),
    "efficientnet_b0": ("blocks.3", "blocks.2"),
    "efficientnetv2_rw_t": ("blocks.3", "blocks.1"),
    "tf_efficientnet_lite0": ("blocks.3", "blocks.2"),
}


@cache
def family(name: str) -> nn.Module:
    if name == "vgg11_bn":  # without the 100 million weights of its fully connected layers
        features = timm.create_model(name, num_classes=0).features
        pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 64))
        return calibrated(nn.Sequential(OrderedDict(features=features, head=pooled)), 48)
    return build(name, 48)


def maps(network: nn.Module, x: Tensor, layers: tuple[str, str], policy: Policy, engine: str) -> Iterator[Tensor]:
    """Relevance of the first layer, pixels from it, and pixels from a cell near a corner and a middle one of the second
    layer.
    """
    with record(network, x, layers, policy, engine) as recording:
        seed = torch.linspace(0.1, 1, len(recording.output), dtype=x.dtype)
        relevance = recording.relevance(layers[0], seed[None])
        yield relevance[0]
        yield pixels(recording, layers[0], relevance[0])
        activations = recording.activations[layers[1]]
        height, width = activations.shape[-2:]
        yield from recording.pixels(layers[1], only(activations, [(0, 1), (height // 2, width // 2)]))


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES, ids=["norm-merge", "plain-pass"])
@pytest.mark.parametrize("name", FAMILIES)
def test_exact_equals_zennit_and_fast_is_near(name: str, policy: Policy) -> None:
    """In double precision; fast in single, or what it has for that, and trimming."""
    network, x, layers = family(name), noise(48), FAMILIES[name]
    single = copy.deepcopy(network).float()
    exact = list(maps(network, x, layers, policy, "exact"))
    fast = maps(single, x.float(), layers, policy, "fast")
    assert len(exact) == 4
    for ours, near, theirs in zip(exact, fast, maps(network, x, layers, policy, "zennit"), strict=True):
        assert_near(ours, theirs, 1e-9)
        assert_near(near.double(), ours, FAST)


@pytest.mark.parametrize("name", ["resnet18", "regnety_002", "mobilenetv3_small_050"])
def test_trimming_and_single_precision_each_cost_little(name: str) -> None:
    network, layers = family(name), FAMILIES[name]
    exact = list(maps(network, noise(48), layers, Policy(), "exact"))
    single = maps(copy.deepcopy(network).float(), noise(48).float(), layers, Policy(), "exact")
    trimmed = maps(network, noise(48), layers, Policy(), "fast")
    for ours, one, other in zip(exact, single, trimmed, strict=True):
        assert_near(one.double(), ours, 1e-3)
        assert_near(other, ours, FAST)


def zennit_pixels(network: nn.Module, x: Tensor, seed: Tensor, canonizers: list) -> Tensor:
    x = x.clone().requires_grad_()
    with EpsilonPlus(canonizers=canonizers).context(network) as modified:
        (relevance,) = torch.autograd.grad(modified(x), x, seed[None])
    return relevance[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "canonizers", "policy", "layer"),
    [
        (torchvision.models.resnet18, [ResNetCanonizer()], POLICIES[0], "layer3"),
        (torchvision.models.resnet50, [ResNetCanonizer()], POLICIES[0], "layer2"),
        (torchvision.models.vgg11_bn, [VGGCanonizer()], POLICIES[0], "features.10"),
        (lambda: shortened(timm.create_model("tf_efficientnet_lite0", num_classes=0)), [], POLICIES[1], "blocks.3"),
        (lambda: timm.create_model("regnetx_002", num_classes=0), [], POLICIES[1], "s2"),
    ],
    ids=["resnet18", "resnet50", "vgg11_bn", "lite0", "regnetx"],
)
def test_pixels_equal_zennit_used_directly(make, canonizers: list, policy: Policy, layer: str) -> None:
    network = make()
    if isinstance(network, torchvision.models.VGG):
        network.avgpool, network.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(512, 10)
    network = calibrated(network, 32, eps=1e-14)
    x = noise(32)
    seed = torch.rand(network(x).shape[1], dtype=torch.float64)
    theirs = zennit_pixels(network, x, seed, canonizers)
    for engine in ("exact", "zennit"):
        recording = record(network, x, [layer], policy, engine)
        assert_near(pixels(recording, layer, recording.relevance(layer, seed[None])[0]), theirs, 1e-6)


@pytest.mark.parametrize("policy", POLICIES, ids=["norm-merge", "plain-pass"])
def test_activations_and_output_are_the_models(policy: Policy) -> None:
    network, x = family("resnet18"), noise(48)
    seen: dict[str, Tensor] = {}
    handle = network.layer2.register_forward_hook(lambda _module, _inputs, output: seen.update(layer2=output))
    output = network(x)
    handle.remove()
    for engine in ("exact", "fast", "zennit"):
        with record(network, x, ["layer2"], policy, engine) as recording:
            assert list(recording.activations) == ["layer2"]
            assert_near(recording.activations["layer2"], seen["layer2"], 1e-12)
            assert_near(recording.output, output[0], 1e-12)


@pytest.mark.parametrize("engine", ["exact", "fast", "zennit"])
def test_many_seeds_give_what_each_gives(engine: str) -> None:
    network, x = family("mobilenetv3_small_050"), noise(48)
    with record(network, x, ["blocks.1"], engine=engine) as recording:
        seeds = torch.randn(3, len(recording.output), dtype=torch.float64)
        together = recording.relevance("blocks.1", seeds)
        for seed, relevance in zip(seeds, together, strict=True):
            assert_near(recording.relevance("blocks.1", seed[None])[0], relevance)
        for relevance, found in zip(together, recording.pixels("blocks.1", together), strict=True):
            assert_near(found, pixels(recording, "blocks.1", relevance))


@pytest.mark.parametrize("engine", ["exact", "fast", "zennit"])
def test_no_seeds_and_seeds_of_zeros(engine: str) -> None:
    x = noise(12)
    network = TinyNet().double().eval().requires_grad_(False)
    with record(network, x, ["stage"], engine=engine) as recording:
        assert not recording.relevance("stage", torch.zeros(2, 5, dtype=x.dtype)).any()
        assert not pixels(recording, "stage", torch.zeros(1, 4, 6, 6, dtype=x.dtype)).any()
        assert list(recording.pixels("stage", torch.zeros(0, 1, 4, 6, 6, dtype=x.dtype))) == []
