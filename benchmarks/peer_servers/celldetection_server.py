"""celldetection, as far as its import: `serve WEIGHTS THREADS`; it is asked for nothing."""

import time
from importlib.metadata import version

START = time.perf_counter()


def main() -> None:
    import celldetection
    from serving import serve

    assert celldetection.models
    serve(START, version("celldetection"), lambda image: 0)


if __name__ == "__main__":
    main()
