"""The commands that list what there is: `datasets`, `models`, `layers`, `methods`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pairx.commands.checking import check
from pairx.commands.shared import chosen_model, print_rows


def datasets(arguments: argparse.Namespace) -> None:
    """Print the catalogue of wildlife-datasets."""
    from pairx.datasets import list_catalogue

    entries = [asdict(entry) for entry in list_catalogue()]
    print_rows(entries, ("name", "animals", "individuals", "size", "license", "here"), arguments.json)
    if not arguments.json:
        print("size in MB. `evaluate` and `rank` fetch one with --download, and never otherwise.")


def models(arguments: argparse.Namespace) -> None:
    """Print the registered models, or check one."""
    if arguments.model is not None:
        return check(arguments)
    from pairx.models import list_models

    cards = [{**asdict(card), "build": card.build is not None, "embedded": card.embedded} for card in list_models()]
    print_rows(cards, ("name", "embedded", "license", "summary"), arguments.json)
    if not arguments.json:
        print(
            "Also: timm:NAME for any timm architecture, hf-hub:OWNER/NAME, a folder with config.json and weights, or "
            "the path of a checkpoint. --check NAME loads one and says what came of it."
        )


def layers(arguments: argparse.Namespace) -> None:
    """Print the layers of a model."""
    model = chosen_model(arguments)
    rows = [{**asdict(layer), "grid": f"{layer.grid[0]} x {layer.grid[1]}"} for layer in model.layers]
    print_rows(
        [asdict(layer) for layer in model.layers] if arguments.json else rows,
        ("name", "stride", "grid", "channels", "default"),
        arguments.json,
    )


def methods(arguments: argparse.Namespace) -> None:
    """Print the methods."""
    from pairx.methods import list_methods

    print_rows([asdict(card) for card in list_methods()], ("name", "family", "cost", "summary"), arguments.json)
