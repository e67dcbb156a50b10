"""What other programs call an option, for suggestions where a command has no such option.

By spelling alone `--threshold` would be `--threads`. The words are those of StarDist, Cellpose,
YOLO, COCO's tools, scikit-learn and the like.
"""

import difflib
from collections.abc import Iterable
from typing import Any

SIMILAR = 0.65  # of two names without their dashes, from 0 to 1

OPTIONS = {  # and the words for each; one word may stand for several
    "--score": "threshold thresh thr conf conf-thres confidence prob prob-thresh prob-threshold "
    "probability min-score score-thr score-thresh score-threshold mask-threshold certainty "
    "flow-threshold cellprob cellprob-threshold",
    "--overlap": "nms nms-thresh nms-threshold nms-iou iou iou-thres iou-thresh iou-threshold",
    "--min-size": "min-area minsize smallest area-threshold remove-small",
    "--diameter": "diam size cell-size cell-diameter object-size rescale scale zoom imgsz img-size "
    "image-size",
    "--pixel-size": "pixelsize mpp microns um-per-pixel resolution spacing voxel-size calibration "
    "scale unit units",
    "--contrast": "norm normalize normalise normalization percentile percentiles pmin pmax clip",
    "--region": "roi bbox box rect crop mask tissue-mask",
    "--augment": "tta augmentation flip",
    "--tile": "tiles tile-size n-tiles bsize block-size patch patch-size",
    "--channel": "chan chan2 chans ch channels nuclear-channel",
    "--page": "pages all-pages z z-slice z-stack stack plane frame frames slice t timepoint "
    "do-3d 3d",
    "--link": "track tracks tracking tracker track-objects stitch stitch-threshold",
    "--polish": "refine",
    "--precision": "half fp16 amp bf16 int8 dtype",
    "--device": "gpu gpus use-gpu no-gpu gpu-device cuda mps cpu accelerator",
    "--threads": "cores cpus n-threads num-threads nproc processes",
    "--workers": "jobs n-jobs n-workers num-workers parallel batch bs batch-size",
    "--cluster": "dask scheduler distributed",
    "--format": "fmt output-format save-png save-tif save-txt save-rois save-json save-csv "
    "save-masks png tif csv json geojson coco yolo imagej labels masks type",
    "--overlay": "vis visualize visualise draw show save-img plot",
    "--out": "outdir out-dir outfile output output-dir output-path save save-dir savedir save-path "
    "dest destination results project name",
    "--force": "overwrite exist-ok replace clobber",
    "--quiet": "silent no-progress",
    "--model": "weights checkpoint ckpt pretrained pretrained-model model-path model-name "
    "model-type",
    "--from": "model weights checkpoint ckpt pretrained pretrained-model finetune fine-tune init",
    "--kind": "model model-type arch architecture network",
    "--kinds": "model models arch architectures networks kind",
    "--families": "model models algorithm algorithms estimator estimators classifier",
    "--preset": "model-size variant",
    "--config": "cfg yaml hyp",
    "--val": "val-dir validation validation-dir val-split validation-split test test-dir test-size "
    "holdout",
    "--steps": "epochs n-epochs max-epochs iterations max-iter max-steps",
    "--minutes": "time hours duration epochs n-epochs max-epochs",
    "--folds": "cv k kfold n-splits",
    "--seed": "random-state random-seed",
    "--group": "groups group-by groupby",
    "--by": "group-by groupby group groups",
    "--where": "filter query subset",
    "--columns": "features feature variables x",
    "--target": "label outcome response y",
    "--colour": "hue palette",
}
ARGUMENT = (  # of what is given without an option
    "input input-dir input-path image images image-path image-dir img-dir dir data data-dir "
    "dataset source src path folder train-dir file files gt ground-truth truth annotations pred "
    "predictions outlines table"
)
NOTHING = "chan-axis channel-axis channel2 tile-overlap max-det verbose host classes class names"
KNOWN = {  # none of which is a slip of the pen; also the options of other commands
    *(word for words in (*OPTIONS.values(), ARGUMENT, NOTHING) for word in words.split()),
    *(option.removeprefix("--") for option in OPTIONS),
}


def suggest(error: Any) -> None:
    """Put into a usage error on an unknown option what is meant, in place of what is spelt alike.

    Any other error, and a short option, stays as it is.
    """
    option = str(getattr(error, "option_name", ""))
    if not hasattr(error, "possibilities") or not option.startswith("--") or error.ctx is None:
        return
    parameters = error.ctx.command.params
    known = [name for each in parameters for name in each.opts if name.startswith("--")]
    word = option.lstrip("-").lower().replace("_", "-")
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    takes = [each.metavar or each.name.upper() for each in arguments]
    if f"--{word}" in known:
        error.possibilities = [f"--{word}"]
        return
    meant = [name for name, words in OPTIONS.items() if name in known and word in words.split()]
    if not meant and "--set" in known:
        meant = _settings(word.replace("-", "_"))
    if not meant and word in ARGUMENT.split() and takes:
        error.message += f"; give {' '.join(takes)} without an option"
    error.possibilities = meant if meant or word in KNOWN else _alike(word, known)


def _settings(word: str) -> list[str]:
    """The settings of a run of this name, as they are given."""
    from kontur.train.config import RunConfig  # here, for its families take long to import

    keys = [
        key
        for key in RunConfig.dotted_keys()
        if key.endswith(f".{word}") and not key.startswith("model.")
    ]
    if word in RunConfig.ELSEWHERE:
        keys.append(RunConfig.ELSEWHERE[word])
    return [f"--set {key}=VALUE" for key in keys]


def _alike(word: str, known: Iterable[str]) -> list[str]:
    names = [name.removeprefix("--") for name in known if name != "--help"]
    return [f"--{name}" for name in difflib.get_close_matches(word, names, cutoff=SIMILAR)]
