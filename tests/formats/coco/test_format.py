import json

import hypothesis
import numpy as np

from kontur.formats.coco import format as coco
from kontur.formats.image_annotation import ImageAnnotation
from tests.formats import scenes


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(scenes.drawings)
def test_outlines_without_holes_are_exact_to_a_thousandth_and_a_second_export_is_the_same(drawing):
    found = scenes.objects(drawing, on_grid=False)
    first = json.loads(json.dumps(coco.to_document([ImageAnnotation("a.png", found.size, found)])))
    (again,) = coco.from_document(first)
    assert coco.to_document([again]) == first
    plain = ~(scenes.with_holes(found) | found.ignore)
    scenes.assert_close(
        found[plain], again.instances[np.isin(again.instances.ids, found.ids[plain])]
    )


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(scenes.drawings)
def test_on_the_pixel_grid_holes_and_crowds_are_exact_too(drawing):
    found = scenes.objects(drawing, on_grid=True)
    (again,) = coco.from_document(coco.to_document([ImageAnnotation("a.png", found.size, found)]))
    on_grid = found.replace(scores=np.round(found.scores, 6))
    scenes.assert_same(on_grid, again.instances)
    assert (again.size, again.instances.classes) == (found.size, found.classes)
