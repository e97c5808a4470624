"""Packages that an extra of pairx-explorer brings and not everybody needs."""

from __future__ import annotations

from pairx.errors import InputError


def missing(what: str, extra: str) -> InputError:
    """That `what` needs packages which are not installed, and the command that installs them."""
    return InputError(
        f'{what} needs packages that are not installed: `pip install "pairx-explorer[{extra}]"` brings them (in a '
        f'checkout `pip install ".[{extra}]"`).'
    )
