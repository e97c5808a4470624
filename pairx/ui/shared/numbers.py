"""Numbers in words."""

from __future__ import annotations

import math


def plain(value: float) -> str:
    """Such as "0.81", "−0.40", "28" or "1,204": two decimals below 10."""
    text = f"{value:.2f}" if abs(value) < 9.995 else f"{value:,.0f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.replace("-", "")


def interval(low: float, high: float) -> str:
    """Such as "0.67 to 0.88"; "" where it is not known."""
    return "" if math.isnan(low) or math.isnan(high) else f"{plain(low)} to {plain(high)}"
