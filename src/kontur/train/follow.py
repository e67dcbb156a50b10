"""`python -m kontur.train.follow RUN PRECISION [CHECKPOINT]`: the training of a further device.

The same steps as the leader's on other crops; it writes nothing and says nothing but errors.
"""

import os
import sys
from pathlib import Path

from kontur.errors import InputError
from kontur.train import quiet
from kontur.train.checkpoint import Checkpoint
from kontur.train.config import Precision
from kontur.train.data import open_data
from kontur.train.devices import leave
from kontur.train.fit import fit
from kontur.train.interrupt import Signals, Stopped
from kontur.train.job import make_job
from kontur.train.machine import choose_devices
from kontur.train.precision import LIGHTNING
from kontur.train.run_files import read_config
from kontur.train.watch import Watch


def follow(run: Path, precision: Precision, checkpoint: Checkpoint | None) -> None:
    """Train along with the leader until it ends."""
    config = read_config(run)
    training = config.training
    devices = choose_devices(training.accelerator, training.devices)
    devices = devices._replace(rank=int(os.environ["LOCAL_RANK"]))
    samples = open_data(config.data, seed=training.seed).train.load()
    job = make_job(run, config, samples, devices=devices, checkpoint=checkpoint)
    with quiet.lightning(), Signals() as signals:
        fit(job, Watch(job, signals, observer=None), precision)


def main() -> int:
    """The exit code; errors go to standard error."""
    run, word, *path = sys.argv[1:]
    (precision,) = (known for known in LIGHTNING if known == word)
    try:
        follow(Path(run), precision, Checkpoint.read(Path(path[0])) if path else None)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except Stopped:
        pass  # the leader says it
    finally:
        leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
