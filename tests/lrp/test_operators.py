"""The products under the rules, against torch's own."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from pairx.lrp.operators import multiply


@pytest.mark.parametrize("shape", [(5,), (2, 5), (1, 7, 5), (2, 3, 7, 5), (0, 5)])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 1e-1)])
@pytest.mark.parametrize("biased", [True, False])
def test_multiply_is_the_linear_layer(shape: tuple[int, ...], dtype: torch.dtype, near: float, biased: bool) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(shape, dtype=dtype), torch.randn(4, 5, dtype=dtype)
    bias = torch.randn(4, dtype=dtype) if biased else None
    for operand in (weight, weight.T.contiguous().T):
        assert torch.allclose(multiply(x, operand, bias), F.linear(x, operand, bias), atol=near)
    if x.ndim > 2:
        turned = x.transpose(0, -2)
        assert torch.allclose(multiply(turned, weight, bias), F.linear(turned, weight, bias), atol=near)
