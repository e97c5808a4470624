"""The app: `python app.py` serves it on http://127.0.0.1:7860 (GRADIO_SERVER_NAME and GRADIO_SERVER_PORT decide
otherwise)."""

import os

from pairx import door
from pairx.ui.app import build, launch_options
from pairx.ui.library import Places

# A Space and a shared link are reached from outside; a Space sets the name itself.
name = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
shared = "SPACE_ID" in os.environ or os.environ.get("GRADIO_SHARE", "").lower() == "true"
demo = build(Places.from_environment(own_machine=name in ("127.0.0.1", "localhost") and not shared))

# gradio asks its own server whether it runs, which no proxy can answer.
known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
os.environ["no_proxy"] = ",".join(filter(None, [known, "localhost", "127.0.0.1"]))

if __name__ == "__main__":
    door.encode_all()
    demo.launch(server_name=name, **launch_options())
