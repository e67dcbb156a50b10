"""Folders of annotations as public projects publish them, by the documentation of each program.

Every builder fills a folder with images of 40×60 pixels that show two objects each: `A`, of the
class `cell`, and `B`, of the class `red cell`, beside what such files also hold: boxes, points,
attributes, files of other things.
"""

from tests.data.published.coco_files import (
    batches_of_photographs,
    coco_document,
    coco_with_keypoints_and_captions,
    label_studio_as_coco,
    livecell,
)
from tests.data.published.cvat_files import (
    cvat_as_coco,
    cvat_as_ultralytics,
    cvat_project,
    cvat_tasks_in_folders,
)
from tests.data.published.label_studio_files import (
    label_studio,
    label_studio_bit_masks,
    label_studio_regions_and_labels,
)
from tests.data.published.labelme_files import (
    anylabeling,
    labelme_content,
    labelme_folders_of_other_names,
    labelme_list_of_labels,
    labelme_other_name_than_the_image,
    labelme_paths_of_windows,
    labelme_with_the_pictures_inside,
)
from tests.data.published.microscopy_files import cellpose, qupath_cells
from tests.data.published.scene import HEIGHT, WIDTH, images, write
from tests.data.published.via_files import via_2, via_2_csv, via_3, via_3_csv, via_3_store
from tests.data.published.yolo_files import (
    label_studio_as_yolo,
    yolo_lists,
    yolo_of_absolute_paths,
    yolo_predictions_beside,
    yolo_rows,
)

__all__ = [
    "EVERY",
    "HEIGHT",
    "WIDTH",
    "anylabeling",
    "batches_of_photographs",
    "cellpose",
    "coco_document",
    "coco_with_keypoints_and_captions",
    "cvat_as_coco",
    "cvat_as_ultralytics",
    "cvat_project",
    "cvat_tasks_in_folders",
    "images",
    "label_studio",
    "label_studio_as_coco",
    "label_studio_as_yolo",
    "label_studio_bit_masks",
    "label_studio_regions_and_labels",
    "labelme_content",
    "labelme_folders_of_other_names",
    "labelme_list_of_labels",
    "labelme_other_name_than_the_image",
    "labelme_paths_of_windows",
    "labelme_with_the_pictures_inside",
    "livecell",
    "qupath_cells",
    "via_2",
    "via_2_csv",
    "via_3",
    "via_3_csv",
    "via_3_store",
    "write",
    "yolo_lists",
    "yolo_of_absolute_paths",
    "yolo_predictions_beside",
    "yolo_rows",
]

EVERY = [
    labelme_paths_of_windows,
    labelme_folders_of_other_names,
    labelme_other_name_than_the_image,
    labelme_with_the_pictures_inside,
    labelme_list_of_labels,
    anylabeling,
    cvat_project,
    cvat_tasks_in_folders,
    cvat_as_coco,
    cvat_as_ultralytics,
    coco_with_keypoints_and_captions,
    livecell,
    batches_of_photographs,
    label_studio_as_coco,
    via_2,
    via_2_csv,
    via_3,
    via_3_csv,
    label_studio,
    label_studio_bit_masks,
    label_studio_regions_and_labels,
    yolo_of_absolute_paths,
    yolo_lists,
    label_studio_as_yolo,
    yolo_predictions_beside,
    qupath_cells,
    cellpose,
]
