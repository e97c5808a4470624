"""The app: `python app.py` serves it on http://127.0.0.1:7860 (GRADIO_SERVER_NAME and GRADIO_SERVER_PORT decide
otherwise; PAIRX_SHARED=1 where others reach it through a proxy)."""

import os

from pairx import door
from pairx.ui.app import build, launch_options
from pairx.ui.gate import is_own_machine
from pairx.ui.library import Places

places = Places.from_environment(own_machine=is_own_machine(os.environ))
demo = build(places)

# gradio asks its own server whether it runs, which no proxy can answer.
known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
os.environ["no_proxy"] = ",".join(filter(None, [known, "localhost", "127.0.0.1"]))

if __name__ == "__main__":
    door.encode_all()
    # A Space sets the name itself, as it is reached from outside.
    demo.launch(server_name=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), **launch_options(places))
