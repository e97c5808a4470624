"""Handlers of attention, whose weights are held constant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pairx.lrp import rules
from pairx.lrp.rules import ATTENTION
from pairx.lrp.tape import Tape, title
from pairx.lrp.writing import added, unruled
from pairx.models.networks import attention_weights


def softmax(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """Attention weights: constant to the product that uses them (AttnLRP's alternative, as in Ali et al. 2022)."""
    return added(tape, func(*args, **kwargs), rules.Unruled(title(func)), title(func), ATTENTION)


def attention(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """Scaled dot-product attention, its weights held constant."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale")
    call = dict(zip(names, args, strict=False)) | kwargs
    if call.get("is_causal") or call.get("enable_gqa") or not tape.node(call["value"]):
        return unruled(tape, func, args, kwargs)
    tape.attends |= bool(tape.node(call["query"]) or tape.node(call["key"]))
    y, (query, key) = func(*args, **kwargs), (call[name].detach() for name in ("query", "key"))
    weights = partial(attention_weights, query, key, call.get("attn_mask"), call.get("scale"))
    return added(tape, y, rules.Mix(tape.pinned(call["value"]), weights, True, tape.arithmetic), "attention")


def multi_head(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """`nn.MultiheadAttention`'s function, packed or not, written out."""
    bound = signature(F.multi_head_attention_forward).bind(*args, **kwargs)
    bound.apply_defaults()
    call = bound.arguments
    if any(call[name] is not None for name in ("bias_k", "bias_v", "static_k", "static_v")) or call["add_zero_attn"]:
        return unruled(tape, func, args, kwargs)
    weights, biases = _projections(tape, call)
    with tape:
        return _multi_head(call, weights, biases)


def _projections(tape: Tape, call: dict) -> tuple[list[Tensor], list[Tensor | None]]:
    """The weights and biases of query, key and value, by the name of what they are parts of."""
    if call["use_separate_proj_weight"]:
        weights = [call[f"{name}_proj_weight"] for name in "qkv"]
    else:
        weights = list(call["in_proj_weight"].chunk(3))
        for weight in weights:
            tape.rename(weight, call["in_proj_weight"])
    packed = call["in_proj_bias"]
    return weights, [None] * 3 if packed is None else list(packed.chunk(3))


def _multi_head(call: dict, weights: list[Tensor], biases: list[Tensor | None]) -> tuple[Tensor, Tensor | None]:
    """Of query, key, value (N, B, E) or (N, E): the same shape, and the weights (B, heads, N, M), averaged or not."""
    heads, batched = call["num_heads"], call["query"].ndim == 3
    query, key, value = (
        _heads(F.linear(call[name], weight, bias), heads)
        for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True)
    )
    mask = _mask(call, query, key)
    mixing = query * query.shape[-1] ** -0.5 @ key.mT
    mixing = torch.softmax(mixing if mask is None else mixing + mask, -1)
    mixed = (mixing @ value).permute(2, 0, 1, 3).flatten(2)
    output = F.linear(mixed if batched else mixed.squeeze(1), call["out_proj_weight"], call["out_proj_bias"])
    if not call["need_weights"]:
        return output, None
    mixing = mixing.mean(1) if call["average_attn_weights"] else mixing
    return output, mixing if batched else mixing.squeeze(0)


def _heads(tokens: Tensor, heads: int) -> Tensor:
    """(N, B, E) or (N, E) to (B, heads, N, E / heads)."""
    tokens = tokens if tokens.ndim == 3 else tokens.unsqueeze(1)
    return tokens.unflatten(-1, (heads, -1)).permute(1, 2, 0, 3)


def _mask(call: dict, query: Tensor, key: Tensor) -> Tensor | None:
    """What is added to the logits (B, heads, N, M): masks say with True, or minus infinity, what takes no part."""
    whole = None
    for name, shape in (("attn_mask", (-1, query.shape[-2], key.shape[-2])), ("key_padding_mask", (-1, key.shape[-2]))):
        if (mask := call[name]) is None:
            continue
        if mask.dtype == torch.bool:
            mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill(mask, -torch.inf)
        mask = mask.reshape(shape)
        mask = (
            mask.unflatten(0, (-1, query.shape[1] if len(mask) > 1 else 1)) if mask.ndim == 3 else mask[:, None, None]
        )
        whole = mask if whole is None else whole + mask
    return whole
