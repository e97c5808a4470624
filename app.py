"""The app: `python app.py` serves it on http://127.0.0.1:7860 (GRADIO_SERVER_NAME and GRADIO_SERVER_PORT decide
otherwise)."""

import os

from pairx.ui.app import build, launch_options
from pairx.ui.library import Places

# A Space is reached from outside its container and sets the name itself.
name = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
demo = build(Places.from_environment(own_machine=name in ("127.0.0.1", "localhost") and "SPACE_ID" not in os.environ))

if __name__ == "__main__":
    demo.launch(server_name=name, **launch_options())
