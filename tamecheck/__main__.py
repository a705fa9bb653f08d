"""``python -m tamecheck``: the command line."""

import sys

from tamecheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
