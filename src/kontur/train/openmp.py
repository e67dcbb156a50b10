"""OpenMP's threads sleep while they wait, instead of keeping a processor busy.

torch computes with OpenMP, whose threads wait by turning in a loop. Beside other work that takes
the processor from the threads that are waited for: a training then runs many times slower
(docs/results.md). OpenMP reads the setting once, as torch is imported.
"""

import os

POLICY = "OMP_WAIT_POLICY"


def let_waiting_threads_sleep() -> None:
    """To be called before torch is imported; what the user has set holds."""
    os.environ.setdefault(POLICY, "PASSIVE")
