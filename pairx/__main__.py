"""`python -m pairx …`"""

import sys

from pairx.cli import main

sys.exit(main())
