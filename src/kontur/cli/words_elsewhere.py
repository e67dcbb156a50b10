"""What other programs call an option, for suggestions where a command has no such option.

By spelling alone `--threshold` would be `--threads`. The words are those of StarDist, Cellpose,
YOLO, COCO's tools, scikit-learn and the like.
"""

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
