"""Conservation: relevance that does not arrive has ended in parameters, and the account says in which."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pairx.lrp import Account, Policy, record
from pairx.lrp.engine import TapeRecording
from tests.lrp.by_hand import build, noise


def accounted(network: nn.Module, x: Tensor, layer: str | None = None, policy: Policy | None = None) -> Account:
    """Of the seed that a photograph compared with itself has."""
    with record(network, x, [layer] if layer else [], policy, "exact") as recording:
        assert isinstance(recording, TapeRecording)
        account = recording.account(recording.output**2 / (recording.output @ recording.output), layer)
    books = account.parameters, account.unowned, account.lost
    total = account.arrived + sum(sum(book.values()) for book in books)
    assert total == pytest.approx(1, abs=1e-9)
    assert account.error == pytest.approx(sum(map(abs, account.lost.values())))
    return account


def without_biases(network: nn.Module) -> nn.Module:
    for name, parameter in network.named_parameters():
        if name.endswith(("bias", "cls_token", "pos_embed")):
            parameter.zero_()
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.zero_()
    return network


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side", "error"),
    [
        ("resnet18", 48, 1e-3),
        ("resnext50_32x4d", 48, 1e-3),
        ("regnety_002", 48, 1e-3),
        ("densenet121", 48, 1e-3),
        ("tf_efficientnet_lite0", 48, 1e-3),
        ("swin_tiny_patch4_window7_224", 64, 1e-2),
        ("swin_tiny_patch4_window7_224", 112, 1e-2),  # odd grids, which are padded before they are merged
        ("vit_tiny_patch16_224", 64, 1e-2),
        ("vit_small_patch14_dinov2", 224, 1e-2),
        ("convnext_tiny", 64, 1e-3),
    ],
)
def test_what_is_unexplained_is_little(name: str, side: int, error: float) -> None:
    account = accounted(build(name, side), noise(side))
    assert account.error <= error
    assert account.arrived > 1e-4
    assert sum(account.parameters.values()) > 1e-2


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenetv3_small_050", "efficientnetv2_rw_t"])
def test_only_depthwise_outputs_without_a_positive_part_lose_relevance(name: str) -> None:
    """SiLU and hardswish hand relevance to negative outputs too. Of these a few have no input that added anything
    positive, so that ZPlus has nobody to share with: nine inputs may well all be on the wrong side.
    """
    network, x = build(name, 64), noise(64)
    account = accounted(network, x)
    assert account.error <= 1e-3
    assert 1e-4 < sum(account.unowned.values()) < 3e-2
    assert sum(abs(value) for part, value in account.unowned.items() if not part.endswith("conv_dw")) <= 1e-3
    closed = accounted(network, x, policy=Policy(composite="conserving"))
    assert closed.error <= 1e-3
    assert not any(closed.unowned.values())


def test_an_output_without_a_positive_part_loses_its_relevance() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, bias=False), nn.SiLU(), nn.Flatten()).double()
    x, weight = noise(8), network[0].weight
    up = torch.nn.functional.conv2d(x.clamp(min=0), weight.clamp(min=0), groups=3)
    down = torch.nn.functional.conv2d(x.clamp(max=0), weight.clamp(max=0), groups=3)
    with torch.no_grad():
        weight[0] = -weight[0].abs()
        x[:, 0].abs_()
        up[:, 0], down[:, 0] = 0, 0
        output = network(x)[0]
        share = output**2 / (output @ output)
        nobody = (up + down).flatten() < 1e-6
        assert 0.1 < float(share[nobody].sum()) < 0.9
        account = accounted(network.requires_grad_(False), x)
    assert account.unowned["0"] == pytest.approx(float(share[nobody].sum()), abs=1e-4)
    assert account.arrived == pytest.approx(float(share[~nobody].sum()), abs=1e-4)


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0", "vit_tiny_patch16_224"])
def test_without_biases_nothing_ends_in_parameters(name: str) -> None:
    account = accounted(without_biases(build(name, 48)), noise(48))
    assert sum(map(abs, account.parameters.values())) <= 1e-9
    assert account.arrived == pytest.approx(1, abs=1e-3)


def test_without_biases_relevance_is_conserved() -> None:
    torch.manual_seed(0)
    convolutions = nn.Conv2d(3, 8, 3, bias=False), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, bias=False), nn.ReLU()
    network = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(72, 5, bias=False)).double().requires_grad_(False)
    for parameter in network.parameters():
        parameter.abs_()
    account = accounted(network, noise(10).abs())
    assert account.arrived == pytest.approx(1, abs=1e-6)
    assert not any(account.parameters.values())


def test_parameters_are_named_by_their_module() -> None:
    account = accounted(build("resnet18", 32), noise(32))
    assert {name for name, value in account.parameters.items() if value > 0} >= {"conv1", "layer2.0.downsample.0"}
    assert not any(value for name, value in account.parameters.items() if name.startswith(("add", "bn", "max_pool")))
    account = accounted(build("vit_tiny_patch16_224", 64), noise(64))
    assert {name for name, value in account.parameters.items() if value > 0} >= {"patch_embed.proj", "blocks.3.mlp.fc2"}


def test_class_token_and_position_embedding_keep_their_share() -> None:
    network, x = without_biases(build("vit_tiny_patch16_224", 64)), noise(64)
    for parameter in (network.cls_token, network.pos_embed):
        nn.init.normal_(parameter)
        account = accounted(network, x)
        assert 0.01 < sum(account.parameters.values()) < 1
        assert account.arrived < 0.99
        nn.init.zeros_(parameter)


def test_zeros_of_padding_are_no_loss() -> None:
    """Layer normalisation after padding hands relevance to zeros, which are constants as parameters are."""

    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(5, elementwise_affine=False)

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(nn.functional.pad(x, (0, 1))).flatten(1)

    account = accounted(Padded(), noise(4))
    assert account.error <= 1e-6
    assert 0.01 < sum(account.parameters.values()) < 0.99


def test_an_account_up_to_a_layer() -> None:
    network, x = build("resnet18", 32), noise(32)
    whole, part = accounted(network, x), accounted(network, x, "layer2")
    assert part.arrived > whole.arrived
    later = {name: value for name, value in whole.parameters.items() if name.startswith(("layer3", "layer4"))}
    assert sum(later.values()) > 0
    assert {name: part.parameters[name] for name in later} == pytest.approx(later)
    with record(network, x, ["layer2"], engine="exact") as recording:
        seed = recording.output**2 / (recording.output @ recording.output)
        assert part.arrived == pytest.approx(float(recording.relevance("layer2", seed[None]).sum()))


def test_plain_sums_double_and_the_account_shows_it() -> None:
    account = accounted(without_biases(build("resnet18", 32)), noise(32), policy=Policy("plain"))
    assert account.arrived > 1.5
    assert account.lost["add"] < -0.5
