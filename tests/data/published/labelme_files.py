"""labelme, and what other programs write in its format."""

import base64
import io

from PIL import Image

from tests.data import drawn
from tests.data.published.scene import HEIGHT, OBJECTS, WIDTH, A, B, images, write


def labelme_content(image, **changes):
    shapes = [
        {"label": label, "points": ring, "group_id": None, "shape_type": "polygon", "flags": {}}
        for label, ring in OBJECTS
    ]
    shapes.append({"label": "tip", "points": [[5, 5]], "group_id": None, "shape_type": "point"})
    shapes.append(
        {"label": "axis", "points": [[5, 5], [9, 9]], "group_id": None, "shape_type": "linestrip"}
    )
    content = {"version": "4.5.6", "flags": {}, "shapes": shapes, "imagePath": image}
    content |= {"imageData": None, "imageHeight": HEIGHT, "imageWidth": WIDTH}
    return content | changes


def labelme_paths_of_windows(folder):
    """Annotations apart from the images, which they call by a path as Windows has it."""
    for name in ("001", "002"):
        images(folder / "imgs", f"{name}.jpg")
        write(folder / "annotations" / f"{name}.json", labelme_content(f"..\\imgs\\{name}.jpg"))


def labelme_folders_of_other_names(folder):
    """A folder of images and one of annotations, neither by a usual name."""
    for name in ("001", "002"):
        images(folder / "original", f"{name}.png")
        write(folder / "labelme" / f"{name}.json", labelme_content(f"../original/{name}.png"))


def labelme_other_name_than_the_image(folder):
    for name in ("001", "002"):
        images(folder, f"photo {name}.png")
        write(folder / f"annotation_{name}.json", labelme_content(f"photo {name}.png"))


def labelme_with_the_pictures_inside(folder):
    """The files alone: labelme embeds the picture where one does not tell it not to."""
    for name in ("001", "002"):
        content = io.BytesIO()
        Image.fromarray(drawn.picture(int(name))).save(content, "PNG")
        data = base64.b64encode(content.getvalue()).decode()
        write(folder / f"{name}.json", labelme_content(f"{name}.png", imageData=data))


def labelme_list_of_labels(folder):
    """`labels.txt` beside, as labelme's command wants it."""
    write(folder / "labels.txt", "__ignore__\n_background_\ncell\nred cell\n")
    for name in ("001", "002"):
        images(folder, f"{name}.png")
        write(folder / f"{name}.json", labelme_content(f"{name}.png"))


def anylabeling(folder):
    """X-AnyLabeling: a rectangle of four corners, a turned one, scores that are null."""
    for name in ("001", "002"):
        images(folder, f"{name}.png")
        more = {"score": None, "group_id": None, "description": "", "difficult": False}
        more |= {"flags": {}, "attributes": {}, "kie_linking": []}
        shapes = [
            {"label": "cell", "points": A, "shape_type": "rotation", "direction": 0.25, **more},
            {"label": "red cell", "points": B, "shape_type": "rectangle", **more},
        ]
        content = labelme_content(f"{name}.png", version="3.2.1", shapes=shapes)
        write(folder / f"{name}.json", content)
