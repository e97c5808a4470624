"""Serves the app for the browser tests, with the embedded model at a quarter of its input size so that a run is quick.

python serve.py PORT OPENING: with a fresh stored opening in the file OPENING.
"""

import sys
from functools import partial
from pathlib import Path

import pairx
from pairx.ui import app
from pairx.ui.shared.library import Places
from pairx.ui.shared.session import with_key


def main() -> None:
    port, opening = int(sys.argv[1]), Path(sys.argv[2])
    pairx.load_model = partial(pairx.load_model, size=96)
    app.OPENING = opening
    app_state, _, request = app.open_app_state()
    with_key(app_state.explain(request), app_state.key(request)).save(opening)
    runs, reviews, judgements = (opening.parent / name for name in ("runs", "reviews", "judgements"))
    places = Places(None, runs, own_machine=True, reviews=reviews, judgements=judgements)
    page, desk = app.build(places)
    page.launch(server_name="127.0.0.1", server_port=port, quiet=True, **app.launch_options(places, desk))


if __name__ == "__main__":
    main()
