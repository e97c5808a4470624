"""`models --check NAME`: does a model load, from where, and does it find the sample's animals again."""

from __future__ import annotations

import argparse

from pairx.commands.shared import add_model, chosen_model, print_json, with_progress


def add_check(command: argparse.ArgumentParser) -> None:
    """Which model to check, and how it is loaded."""
    command.add_argument(
        "--check", dest="model", metavar="NAME", help="load this model, embed the sample herd and say what came of it"
    )
    add_model(command, default=None)


def check(arguments: argparse.Namespace) -> None:
    """Load a model, embed the sample herd, and print what was read from where and how well it finds animals again.

    Raises InputError as `pairx.load_model` does, and where an embedding is no finite number.
    """
    from pairx.datasets import load_dataset
    from pairx.evaluation import embeddings, search

    model = chosen_model(arguments)
    herd = load_dataset("sample")
    keys = with_progress(embeddings.key_steps(herd))
    vectors = with_progress(embeddings.embed_steps(herd, model, keys))
    everywhere = search.split_queries(herd, None, None)
    found = search.retrieval(vectors, everywhere, herd.table["identity"].to_numpy(str))
    about, read = model.preprocessing, model.reading
    report = {
        "name": model.name,
        "license": model.card.license,
        "read": read.source if read else model.card.source,
        "taken": (read.sentence if read else "") or "every tensor as it is",
        "input": about.identity.removeprefix("Preprocessing"),
        "framing": f"{about.resize}, crop {about.crop_pct:g}, {about.interpolation}, "
        f"{'with' if about.antialias else 'without'} antialias",
        "embedding": vectors.shape[1],
        "layers": [layer.name for layer in model.layers],
        "default_layer": model.default_layer,
        "photographs": len(herd),
        **found,
        "notes": [*model.card.notes],
    }
    if arguments.json:
        return print_json(report)
    print(f"{model.name}: {model.title}; licence: {model.card.license or 'none stated'}")
    print(f"read from {report['read']}: {report['taken']}")
    print(f"input: {report['input']}; {report['framing']}")
    layers = ", ".join(report["layers"])
    print(f"embedding: {report['embedding']} numbers; layers: {layers}; by default {model.default_layer}")
    print(
        f"sample herd, {len(herd)} photographs, {found['queries']} queries: top-1 {found['top_1']:.1%}, "
        f"mAP {found['map']:.1%}"
    )
    for note in report["notes"]:
        print(note)
