"""`kontur evaluate`: scores of outlines in files, or of a model's, against annotations."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kontur.cli.options import (
    Device,
    DeviceOption,
    ForceOption,
    Precision,
    PrecisionOption,
    QuietOption,
    Task,
    TaskOption,
    ThreadsOption,
    page_or_all,
)
from kontur.cli.predict_options import EVALUATED, range_of_all, takes_predict_options
from kontur.cli.screen import counter, print_notes, table
from kontur.errors import InputError

if TYPE_CHECKING:
    from kontur.data.folder import Folder
    from kontur.data.truth import Truth
    from kontur.evaluate import Summary
    from kontur.infer.folder_evaluation import FolderEvaluation
    from kontur.infer.options import PredictOptions

SHOWN = (0.5, 0.6, 0.7, 0.8, 0.9)  # IoU thresholds of the table of groups
ALL = "all"
NUMBERS = re.compile(r"\[\n[\s\d.,eE+-]*\]")  # a list of them in indented JSON: to be one line


@takes_predict_options(*EVALUATED)
def evaluate(
    places: Annotated[
        list[Path],
        typer.Argument(
            metavar="[PREDICTIONS] TRUTH",
            help="A folder of predictions (not with --model) and a folder of annotations, with "
            "images or without.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Evaluate this model on the images of TRUTH."),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="Only train, val or test of TRUTH.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="COLUMN=VALUE",
            help="Only images for which it holds in metadata.csv; repeatable.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="COLUMN", help="Also evaluate each value of a column separately."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE.json",
            help="Write all scores as JSON, and AP over IoU as FILE.png.",
        ),
    ] = None,
    task: TaskOption = Task.instances,
    predictions_task: Annotated[
        Task | None,
        typer.Option(
            "--predictions-task",
            help="What the values of a mask file among PREDICTIONS mean.  [default: as --task "
            "where they are such masks too, else instances]",
        ),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option(
            "--page",
            metavar="N|all",
            help="Use this page of stacks, counted from 0; all evaluates every plane of a stack or "
            "film, each as an image; a plane on which TRUTH has no object is empty.",
        ),
    ] = None,
    *,
    options: "PredictOptions",
    device: DeviceOption = Device.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare outlines with annotations.

    AP, precision, recall, F1, panoptic quality, AJI, Dice, boundary IoU, and Hausdorff-95 in
    pixels (of matched objects, and of the foreground of an image). PREDICTIONS is a folder of
    what `kontur predict` wrote, in any format, or of label images; TRUTH is a folder as for
    training, or a folder or file of outlines or label images. They are matched by name, and what
    has no partner is reported. PREDICTIONS may also be a list of COCO results, where TRUTH is the
    COCO JSON of their numbers. --score, --overlap, --min-size, --diameter, --contrast, --device,
    --precision and --threads are for --model only.

    \b
    kontur evaluate outlines cells/val
    kontur evaluate --model RUN cells --split val --out scores.json
    kontur evaluate --model nuclei dsb2018/val --where modality=fluorescence
    kontur evaluate outlines films --page all
    """
    wanted = 1 if model is not None else 2
    if len(places) != wanted:
        raise typer.BadParameter(
            "with --model give TRUTH alone" if wanted == 1 else "give PREDICTIONS and TRUTH",
            param_hint="[PREDICTIONS] TRUTH",
        )
    files = _output_files(out, force=force)
    annotation_options: dict[str, Any] = {
        **{"task": task.value, "split": split},
        **{"channel": options.channel, "page": page_or_all(page)},
    }
    options = options.replace(channel=None)  # chosen with the folder's images, as the page
    truth: Truth | Folder
    run: Path | None = None
    if model is None:
        truth, evaluation = _evaluate_files(
            places[0], places[1], annotation_options, predictions_task, where or [], by, quiet=quiet
        )
    else:
        from kontur.data.folder import open_folder
        from kontur.infer.folder_evaluation import evaluate_model
        from kontur.infer.learned_images import read_learned, run_of
        from kontur.infer.load import load

        truth = open_folder(places[0], **annotation_options).where(where or [])
        check_column(truth, by)
        predictor = load(model, device=device.value, threads=threads, precision=precision.value)
        run = run_of(model)
        learned = read_learned(run) if run is not None else frozenset()
        with counter("evaluating", quiet=quiet) as progress:
            evaluation = evaluate_model(
                predictor,
                truth,
                options=options,
                learned=learned,
                progress=progress,
                on_measured=progress,
            )
    column = truth.column(by) if by is not None else {}
    summaries = {ALL: evaluation.summary, **(evaluation.by(column) if column else {})}
    notes = [*truth.warnings, *_left_out(evaluation), *_learned(evaluation, run)]
    print_notes([*notes, *range_of_all(evaluation.contrast)])
    typer.echo(summaries[ALL].table())
    if column:
        typer.echo(f"\n{groups_text(summaries, by or '')}")
    if files is not None:
        about = {"predictions": model or str(places[0]), "truth": str(places[-1])}
        _write(files, {**about, "split": split, "where": where or []}, evaluation, summaries)
        typer.echo(f"\nwrote {files[0]} and {files[1]}")


def _evaluate_files(
    predictions: Path,
    place: Path,
    annotation_options: dict[str, Any],
    task: Task | None,
    where: list[str],
    by: str | None,
    *,
    quiet: bool,
) -> tuple["Truth", "FolderEvaluation"]:
    """Evaluate files; predictions of images that `where` leaves out are not reported."""
    from kontur.data.pairing.mask_task import check_masks, task_of_predictions
    from kontur.data.pairing.pair_names import pair
    from kontur.data.pairing.prediction_files import mask_files
    from kontur.data.truth import open_truth
    from kontur.infer.folder_evaluation import evaluate_files

    whole = open_truth(place, **annotation_options)
    truth = whole.where(where)
    check_column(truth, by)
    page = annotation_options["page"]
    true_task = "semantic" if truth.class_of_value else annotation_options["task"]
    chosen = (
        task_of_predictions(true_task, predictions, class_of_value=truth.class_of_value, page=page)
        if task is None
        else task.value
    )
    issues = check_masks(predictions, task=chosen, page=page)
    notes = [f"predictions: {issue}" for issue in issues]
    if task is None and chosen != "instances":
        notes.append(
            f"predictions are masks too and are read with --task {chosen}; "
            "--predictions-task instances takes every value as an object"
        )
    elif task is None and true_task != "instances" and mask_files(predictions):
        notes.append(
            "predictions are read as label images, every value an object; "
            f"--predictions-task {true_task} reads them as the masks of TRUTH"
        )
    print_notes(notes)
    with counter("evaluating", quiet=quiet) as progress:
        evaluation = evaluate_files(predictions, truth, task=chosen, page=page, progress=progress)
    others = set(pair(whole.names, evaluation.without_truth).values())
    unmatched = tuple(name for name in evaluation.without_truth if name not in others)
    return truth, replace(evaluation, without_truth=unmatched)


def check_column(truth: "Truth | Folder", by: str | None) -> None:
    """Raise `InputError` for a column that is not there before any work is done."""
    if by is not None:
        truth.column(by)


def groups_text(summaries: dict[str, "Summary"], column: str) -> str:
    """A row for each group and one for all of them: pooled AP at a few IoU, and more."""
    rows = [[column, "images", "objects", *(f"AP{t:.1f}" for t in SHOWN), "AP", "F1 0.5", "PQ 0.5"]]
    for name, group in [*list(summaries.items())[1:], (ALL, summaries[ALL])]:
        values = [group.ap(t) for t in SHOWN]
        values += [group.mean_ap, group.pooled.f1[0], group.pooled.panoptic_quality[0]]
        objects = sum(image.true_count for image in group.images)
        cells = ["–" if value != value else f"{value:.3f}" for value in values]
        rows.append([name, str(len(group.images)), f"{objects:,}", *cells])
    return table(rows)


def _output_files(out: Path | None, *, force: bool) -> tuple[Path, Path] | None:
    """The JSON and the PNG to write; `InputError` where one exists, before any work."""
    from kontur.files.atomic import check_writable, refuse_existing

    if out is None:
        return None
    if out.is_dir() or not out.suffix:
        out = out / "scores.json"
    elif out.suffix.lower() != ".json":
        raise InputError(f"--out is FILE.json or a folder, got {out}")
    files = (out, out.with_suffix(".png"))
    check_writable(out)
    refuse_existing(files, overwrite=force)
    return files


def _left_out(evaluation: "FolderEvaluation") -> Iterator[str]:
    """What does not count in an evaluation, and why, a sentence each."""
    from kontur.wording import counted

    def lacking(names: Sequence[str], noun: str, missing: str) -> Iterator[str]:
        if names:
            yield f"not evaluated, having no {missing}: {counted(names, noun)}"

    yield from lacking(evaluation.planes_without_prediction, "plane", "prediction")
    yield from lacking(evaluation.planes_without_truth, "plane", "annotation")
    if evaluation.empty_planes:
        yield (
            f"TRUTH has no object on {counted(evaluation.empty_planes, 'plane')}: what is "
            "predicted there counts as false; if nobody outlined these planes, evaluate the others "
            "one by one with --page N"
        )
    yield from lacking(evaluation.without_prediction, "image", "prediction")
    yield from lacking(evaluation.without_truth, "prediction", "annotated image")
    if evaluation.without_size:
        images = counted(evaluation.without_size, "image")
        yield (
            f"no boundary IoU: no file states the size of {images}, and boundaries are as wide as "
            "2 % of its diagonal; put the images into TRUTH, or give label images"
        )
    if evaluation.ignored_classes:
        true, predicted = evaluation.ignored_classes
        yield (
            f"classes do not count: {true} in the truth and {predicted} in the predictions have "
            "no name in common"
        )


def _learned(evaluation: "FolderEvaluation", run: Path | None) -> Iterator[str]:
    """That a model's scores are of images that its run learned from, and where others are named."""
    if run is None or not evaluation.learned:
        return
    from kontur.data.planes.image_planes import plane_name
    from kontur.infer.learned_images import NAMES, read_names
    from kontur.wording import plural

    learned, held = evaluation.learned, {*(read_names(run) or ())}
    names = [{image.name, plane_name(image.name, image.page)} for image in evaluation.images]
    others = sum(bool(name & held) for name in names if not name & {*learned})
    noun = "image" if all(image.page is None for image in evaluation.images) else "plane"
    if len(names) == 1:
        line = f"this {noun} was learned from: the scores are too good"
    else:
        verb = "was" if len(learned) == 1 else "were"
        line = (
            f"{len(learned)} of these {plural(len(names), noun)} {verb} learned from: the scores "
            "are too good"
        )
    if others:
        line += f"; the {others} held out {'is' if others == 1 else 'are'} in {run / NAMES}"
    yield line


def _write(
    files: tuple[Path, Path],
    about: dict[str, Any],
    evaluation: "FolderEvaluation",
    summaries: dict[str, "Summary"],
) -> None:
    from kontur.evaluate import draw_ap
    from kontur.files.atomic import replacing, write_text

    scores = json.loads(summaries[ALL].to_json())
    groups = {name: json.loads(s.to_json()) for name, s in summaries.items() if name != ALL}
    for group in groups.values():
        del group["per_image"]  # they stand under the whole
    content = {
        **about,
        "without_prediction": evaluation.without_prediction,
        "without_truth": evaluation.without_truth,
        **{
            key: planes
            for key in ("planes_without_prediction", "planes_without_truth", "empty_planes")
            if (planes := getattr(evaluation, key))
        },
        **({"learned_from": evaluation.learned} if evaluation.learned else {}),
        **({"contrast": evaluation.contrast} if evaluation.contrast else {}),
        "without_size": evaluation.without_size,
        **scores,
        **({"groups": groups} if groups else {}),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_text(files[0], NUMBERS.sub(lambda numbers: " ".join(numbers[0].split()), text) + "\n")
    with replacing(files[1]) as beside:
        draw_ap(summaries).save(beside)
