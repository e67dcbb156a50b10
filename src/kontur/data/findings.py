"""Findings: from the facts of all images to sentences on what is wrong and what to do.

Each says what, how many, an example by name, and the advice.
"""

from collections import defaultdict
from collections.abc import Sequence

from kontur.data.facts import Facts
from kontur.data.finding import Finding, Kind
from kontur.data.mask_checks import MaskCheck, doubtful, mask_findings
from kontur.wording import counted, listed, plural

SENTENCES = 8  # of what is wrong with single files
MOST = 0.5  # of an image's area: who leaves so much unannotated may have meant the background


def findings_of(
    facts: Sequence[Facts], unreadable: Sequence[tuple[str, str]], *, stride: int
) -> list[Finding]:
    """All findings; `unreadable` has `(name, sentence)` of the images that could not be read."""
    return [
        *_unreadable(unreadable),
        *_nothing(facts),
        *_masks(facts),
        *_objects(facts, stride),
        *_images(facts),
        *_copies(facts),
    ]


def _unreadable(problems: Sequence[tuple[str, str]]) -> list[Finding]:
    if not problems:
        return []
    what = f"{counted([name for name, _ in problems], 'image')} cannot be used"
    details = [sentence for _, sentence in problems[:SENTENCES]]
    if len(problems) > SENTENCES:
        details.append(f"and {plural(len(problems) - SENTENCES, 'more file')}")
    advice = "mend or remove it" if len(problems) == 1 else "mend or remove them"
    return [Finding("unreadable", what, len(problems), problems[0][0], advice, tuple(details))]


def _nothing(facts: Sequence[Facts]) -> list[Finding]:
    if not facts or any(len(fact.labels) for fact in facts):
        return []
    what = "no image has an object" if len(facts) > 1 else "the image has no object"
    advice = "annotations that are all empty teach nothing; see whether these are the right files"
    return [Finding("no objects", what, len(facts), facts[0].name, advice)]


def _masks(facts: Sequence[Facts]) -> list[Finding]:
    """Mistakes of whole label images."""
    found = mask_findings(_checked(facts))
    found += _names_where(
        "cut ids",
        [fact.name for fact in facts if fact.cut],
        "label image",
        "whose ids end at exactly 255 with objects sharing an id",
        "the ids were cut to 8 bits; save them again as 16-bit PNG or TIFF",
    )
    return found


def _checked(facts: Sequence[Facts]) -> list[tuple[str, MaskCheck | None]]:
    return [(fact.name, fact.mask) for fact in facts if len(fact.labels)]


def _objects(facts: Sequence[Facts], stride: int) -> list[Finding]:
    """Mistakes of single objects, where the mask as a whole is not one."""
    wrong = {name for name, _ in doubtful(_checked(facts))}
    sound = [fact for fact in facts if fact.name not in wrong and not fact.cut]
    side = 2 * stride
    return [
        *_objects_where(
            "far pieces",
            {fact.name: fact.far for fact in sound},
            "in pieces far apart",
            "an id that stands for two objects; give each its own",
        ),
        *_objects_where(
            "specks",
            {fact.name: fact.specks for fact in sound},
            "with stray pixels apart from them",
            "left by drawing or thresholding; remove them, or train with them as parts",
        ),
        *_objects_where(
            "small",
            {fact.name: fact.small for fact in facts},
            f"smaller than {side}×{side} pixels",
            f"less than two output pixels at stride {stride}, too small to be found; enlarge the "
            "images, or remove what is no object",
        ),
    ]


def _images(facts: Sequence[Facts]) -> list[Finding]:
    ignored = [f.name for f in facts if f.ignored_area > MOST * f.size[0] * f.size[1]]
    return [
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
            [fact.name for fact in facts if fact.constant],
            "image",
            "in which all pixels are the same",
            "empty exposures or failed exports; remove them, or export them again",
        ),
    ]


def _copies(facts: Sequence[Facts]) -> list[Finding]:
    """The same image twice: in two splits it makes the scores too good."""
    groups: dict[str, list[Facts]] = defaultdict(list)
    for fact in facts:
        if fact.fingerprint is not None:
            groups[fact.fingerprint].append(fact)
    copies = [group for group in groups.values() if len(group) > 1]
    leaks = [group for group in copies if len({fact.split for fact in group}) > 1]
    repeats = [group for group in copies if group not in leaks]
    found: list[Finding] = []
    if leaks:
        what = f"{plural(len(leaks), 'image')} in more than one split ({_equal(leaks)})"
        advice = "as it is, turned or mirrored: scores will be too good; keep it in one split"
        found.append(Finding("leak", what, len(leaks), leaks[0][0].name, advice))
    if repeats:
        what = f"{plural(len(repeats), 'image')} there more than once ({_equal(repeats)})"
        advice = "as it is, turned or mirrored; keep one, or a held-out part may repeat the rest"
        found.append(Finding("repeated", what, len(repeats), repeats[0][0].name, advice))
    return found


def _equal(groups: Sequence[Sequence[Facts]]) -> str:
    return listed((" = ".join(fact.name for fact in group) for group in groups), most=3)


def _names_where(
    kind: Kind, names: Sequence[str], noun: str, what: str, advice: str
) -> list[Finding]:
    if not names:
        return []
    return [Finding(kind, f"{counted(names, noun)} {what}", len(names), names[0], advice)]


def _objects_where(kind: Kind, per_image: dict[str, int], what: str, advice: str) -> list[Finding]:
    """A finding on objects, with the images that have most of them."""
    worst = sorted((name for name in per_image if per_image[name]), key=lambda n: -per_image[n])
    if not worst:
        return []
    total = sum(per_image.values())
    where = f"in {plural(len(worst), 'image')} ({listed(worst, most=3)})"
    return [Finding(kind, f"{plural(total, 'object')} {what} {where}", total, worst[0], advice)]
