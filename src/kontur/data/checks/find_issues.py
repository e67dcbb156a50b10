"""Issues of a data set, issues in the statistics of its images.

Each issue names what is wrong, how often, an example and the remedy.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from kontur.data.checks.class_numbers import ADVICE_ON_NUMBERS, NUMBERS_FROM_ONE, count_from_one
from kontur.data.checks.image_statistics import ImageStatistics, pixels_differ
from kontur.data.checks.mask_checks import MaskCheck, doubtful, mask_issues
from kontur.data.issue import Issue, IssueKind
from kontur.data.working_scale import least_side
from kontur.wording import counted, listed, plural

SENTENCES = 8  # on files that cannot be used
LEAST_OF_CLASS = 3  # objects: one to learn from, one to validate on, and one more
OFTEN = 20  # objects of a class, beside which rare ones are no beginning
MOSTLY = 0.5  # of an image's area; so large an ignored region may be meant as background


def find_issues(
    images: Sequence[ImageStatistics],
    unreadable: Sequence[tuple[str, str]],
    classes: Sequence[str],
    *,
    stride: int,
) -> list[Issue]:
    """All issues; `unreadable` has `(name, sentence)` of the images that could not be read.

    `classes` are the names of the labels, and `stride` is in image pixels per output pixel of the
    network, see `inspect`.
    """
    return [
        *_unreadable(unreadable),
        *_no_objects(images),
        *_class_numbers(images, classes),
        *_rare_classes(images, classes),
        *_masks(images),
        *_objects(images, stride),
        *_images(images),
        *_copies(images),
    ]


def _unreadable(problems: Sequence[tuple[str, str]]) -> list[Issue]:
    if not problems:
        return []
    what = f"{counted([name for name, _ in problems], 'image')} cannot be used"
    sentences = list(
        dict.fromkeys(sentence for _, sentence in problems)
    )  # a file of several images
    details = sentences[:SENTENCES]
    if len(sentences) > SENTENCES:
        details.append(f"and {plural(len(sentences) - SENTENCES, 'more file')}")
    paged = all("--page" in sentence for _, sentence in problems)  # sound, and a plane is wanted
    them = "it" if len(problems) == 1 else "them"
    advice = "choose a plane with --page" if paged else f"repair or remove {them}"
    return [Issue("unreadable", what, len(problems), problems[0][0], advice, tuple(details))]


def _no_objects(images: Sequence[ImageStatistics]) -> list[Issue]:
    if not images or any(len(image.labels) for image in images):
        return []
    what = "no image has an object" if len(images) > 1 else "the image has no object"
    advice = "annotations that are all empty teach nothing; see whether these are the right files"
    return [Issue("no objects", what, len(images), images[0].name, advice)]


def _class_numbers(images: Sequence[ImageStatistics], classes: Sequence[str]) -> list[Issue]:
    counts = Counter(classes[label] for image in images for label in image.labels.tolist())
    if not count_from_one(classes, counts):
        return []
    example = next(image.name for image in images if len(image.labels))
    return [
        Issue("class numbers", NUMBERS_FROM_ONE, counts.total(), example, ADVICE_ON_NUMBERS),
    ]


def _rare_classes(images: Sequence[ImageStatistics], classes: Sequence[str]) -> list[Issue]:
    """Classes of one or two objects beside others, as a slip of the hand in another program."""
    counts = Counter(classes[label] for image in images for label in image.labels.tolist())
    rare = [name for name, count in counts.items() if count < LEAST_OF_CLASS]
    if not rare or max(counts.values()) < OFTEN:
        return []
    noun = "class" if len(rare) == 1 else "classes"
    what = f"{len(rare)} {noun} ({listed(rare)}) with fewer than {LEAST_OF_CLASS} objects"
    advice = "too few to learn and to validate; annotate more, or give them another class"
    example = next(i.name for i in images if any(classes[x] == rare[0] for x in i.labels.tolist()))
    return [Issue("rare classes", what, len(rare), example, advice)]


def _masks(images: Sequence[ImageStatistics]) -> list[Issue]:
    """Mistakes of whole label images."""
    issues = mask_issues(_checked(images))
    issues += _names_where(
        "cut ids",
        [image.name for image in images if image.clipped_ids],
        "label image",
        "whose ids end at exactly 255 with objects sharing an id",
        "the ids were cut to 8 bits; save them again as 16-bit PNG or TIFF",
    )
    return issues


def _checked(images: Sequence[ImageStatistics]) -> list[tuple[str, MaskCheck | None]]:
    return [(image.name, image.mask) for image in images if len(image.labels)]


def _objects(images: Sequence[ImageStatistics], stride: int) -> list[Issue]:
    """Mistakes of single objects, where the mask as a whole is not one."""
    wrong = {name for name, _ in doubtful(_checked(images))}
    sound = [image for image in images if image.name not in wrong and not image.clipped_ids]
    side = least_side(stride)
    return [
        *_objects_where(
            "far pieces",
            {image.name: image.distant for image in sound},
            "in pieces far apart",
            "an id that stands for two objects; give each its own",
        ),
        *_objects_where(
            "specks",
            {image.name: image.specks for image in sound},
            "with stray pixels beside them",
            "left by drawing or thresholding; remove them, or train with them as parts",
        ),
        *_objects_where(
            "small",
            {image.name: image.small for image in images},
            f"smaller than {side}×{side} pixels",
            f"less than two output pixels at stride {stride}, too small to be found; enlarge the "
            "images, or remove what is no object",
        ),
    ]


def _images(images: Sequence[ImageStatistics]) -> list[Issue]:
    ignored = [f.name for f in images if f.ignored_area > MOSTLY * f.size[0] * f.size[1]]
    return [
        *_pixel_sizes(images),
        *_names_where(
            "mostly ignored",
            ignored,
            "image",
            "of which more than half is to be ignored",
            "negative labels or ignore masks, where nothing is learned; if background "
            "is meant, write 0",
        ),
        *_names_where(
            "constant",
            [image.name for image in images if image.constant],
            "image",
            "in which all pixels are the same",
            "empty exposures or failed exports; remove them, or export them again",
        ),
    ]


def _pixel_sizes(images: Sequence[ImageStatistics]) -> list[Issue]:
    sides = {image.name: image.pixel_size for image in images if image.pixel_size}
    if not pixels_differ([*sides.values()]):
        return []
    least, most = min(sides, key=sides.__getitem__), max(sides, key=sides.__getitem__)
    what = f"pixels of {sides[least]:g} µm ({least}) to {sides[most]:g} µm ({most})"
    advice = "objects of one kind then differ in size; bring the images to one size of pixel"
    return [Issue("pixel sizes", what, len(sides), most, advice)]


def _copies(images: Sequence[ImageStatistics]) -> list[Issue]:
    """The same image twice: in two splits it makes the scores too good."""
    groups: dict[str, list[ImageStatistics]] = defaultdict(list)
    for image in images:
        if image.fingerprint is not None:
            groups[image.fingerprint].append(image)
    copies = [group for group in groups.values() if len(group) > 1]
    leaks = [group for group in copies if len({image.split for image in group}) > 1]
    repeats = [group for group in copies if group not in leaks]
    issues: list[Issue] = []
    if leaks:
        what = f"{plural(len(leaks), 'image')} in more than one split ({_equal(leaks)})"
        advice = "as it is, turned or mirrored: scores will be too good; keep it in one split"
        issues.append(Issue("leak", what, len(leaks), leaks[0][0].name, advice))
    if repeats:
        what = f"{plural(len(repeats), 'image')} there more than once ({_equal(repeats)})"
        advice = "as it is, turned or mirrored; keep one, or a held-out part may repeat the rest"
        issues.append(Issue("repeated", what, len(repeats), repeats[0][0].name, advice))
    return issues


def _equal(groups: Sequence[Sequence[ImageStatistics]]) -> str:
    return listed((" = ".join(image.name for image in group) for group in groups), most=3)


def _names_where(
    kind: IssueKind, names: Sequence[str], noun: str, what: str, advice: str
) -> list[Issue]:
    if not names:
        return []
    return [Issue(kind, f"{counted(names, noun)} {what}", len(names), names[0], advice)]


def _objects_where(
    kind: IssueKind, per_image: dict[str, int], what: str, advice: str
) -> list[Issue]:
    """An issue of single objects, with the images that have most of them."""
    worst = sorted((name for name in per_image if per_image[name]), key=lambda n: -per_image[n])
    if not worst:
        return []
    total = sum(per_image.values())
    where = f"in {plural(len(worst), 'image')} ({listed(worst, most=3)})"
    return [Issue(kind, f"{plural(total, 'object')} {what} {where}", total, worst[0], advice)]
