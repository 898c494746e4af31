"""How many threads the bundled embedding model uses. Imports nothing that would start some."""

import os


def limit_threads(threads: int) -> None:
    """Tell the bundled model's engine how many threads to use, before anything loads it.

    Idle OpenMP threads otherwise spin, which slows everything else on the machine fourfold.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["GOMP_SPINCOUNT"] = "0"
