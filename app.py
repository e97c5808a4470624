"""The app: `python app.py` is `pairx app`, from a checkout and on a Hugging Face Space."""

import sys

from pairx.cli import main

if __name__ == "__main__":
    sys.exit(main(["app", *sys.argv[1:]]))
