"""Kontur as it is installed from its folder: `serve MODEL THREADS`."""

import sys
import time

START = time.perf_counter()


def main(job: str, model: str, threads: str) -> None:
    from serving import serve

    import kontur

    predictor = kontur.load(model, device="cpu", threads=int(threads))
    serve(START, kontur.__version__, lambda image: len(predictor.predict(image)))


if __name__ == "__main__":
    main(*sys.argv[1:])
