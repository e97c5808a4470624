"""Write pairx/assets/similarity.json: how similar the embedded models find the sample herd's pairs.

python -m tools.make_reference
"""

from __future__ import annotations

import json
from dataclasses import asdict

from pairx.datasets import load_herd
from pairx.evaluation.reference import HERD, PATH, Reference
from pairx.models import BUNDLED, load_model


def main() -> None:
    """Embed the herd with every embedded model and store the quantiles of its similarities."""
    table = load_herd().table
    stored = {}
    for name in BUNDLED:
        model = load_model(name)
        identities, species = (table[name].to_numpy() for name in ("identity", "species"))
        stored[model.key] = asdict(Reference.of_photographs(HERD, model.embed(table["path"]), identities, species))
        found = Reference(**stored[model.key])
        print(f"{name}: median {found.correct[50]:.3f} for one individual, {found.incorrect[50]:.3f} for two")
    PATH.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
