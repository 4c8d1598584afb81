"""What all tests have in common: how several processes of them share a machine."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads of each process for every processor would wait for those of the others. Set before
    # anything that asks for it is loaded; what tests start inherits it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
