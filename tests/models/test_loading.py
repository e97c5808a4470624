"""Random weights, calibrated: what a benchmark may rely on."""

from __future__ import annotations

import torch
from torch import nn

from pairx import load_model
from pairx.testing import smooth_noise


def test_calibrated_residual_branches_are_not_silent() -> None:
    photos = [smooth_noise(seed) for seed in range(3)]
    silent = load_model("timm:resnet18", pretrained=False, size=64, device="cpu").module
    assert any(not norm.weight.any() for norm in norms(silent))  # else timm has changed, and this needs no care
    model = load_model("timm:resnet18", pretrained=False, size=64, calibrate=photos, device="cpu")
    assert all(norm.weight.all() for norm in norms(model.module))
    assert not model.module.training
    assert not any(value.requires_grad for value in model.module.parameters())


def test_layer_scales_stay_as_they_are() -> None:
    torch.manual_seed(0)
    model = load_model(
        "timm:convnext_atto", pretrained=False, size=64, calibrate=[smooth_noise(0), smooth_noise(1)], device="cpu"
    )
    scales = [value for name, value in model.module.named_parameters() if name.endswith("gamma")]
    assert scales
    assert all((value == 1e-6).all() for value in scales)


def norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
