"""``python -m minigrad.testing.mutation``: see `main`."""

import sys

from .matrix import main

sys.exit(main(sys.argv[1:]))
