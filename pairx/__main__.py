"""`python -m pairx …`"""

import sys

from pairx.cli import run

sys.exit(run())
