"""timm's architectures. EfficientNets, which ship and which MiewID is, are known without importing all others."""

from __future__ import annotations

# isort: off
import pairx.models.late  # noqa: F401  (before anything of timm)
import timm
import timm.models.efficientnet  # which registers them
from timm.data.config import resolve_data_config
from timm.models._factory import create_model
from timm.models._pretrained import PretrainedCfg
from timm.models._registry import get_pretrained_cfg, is_model
# isort: on

__all__ = ["PretrainedCfg", "create_model", "get_pretrained_cfg", "is_architecture", "resolve_data_config", "timm"]


def is_architecture(name: str) -> bool:
    """Whether timm has it, by its name without a tag. All of timm is imported where it is no EfficientNet."""
    return is_model(name) or name in timm.list_models()
