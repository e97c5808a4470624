"""The app: `python app.py` serves it on http://127.0.0.1:7860 (GRADIO_SERVER_NAME and GRADIO_SERVER_PORT decide
otherwise)."""

import os

from pairx.ui.app import build, launch_options

demo = build()

if __name__ == "__main__":
    # A Space is reached from outside its container and sets the name itself.
    demo.launch(server_name=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), **launch_options())
