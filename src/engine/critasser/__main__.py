"""``python -m critasser``."""

import sys

from critasser.cli import main

if __name__ == "__main__":
    sys.exit(main())
