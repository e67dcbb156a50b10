"""Checks of the objects that every `encode` makes before it computes targets."""

from kontur.instances import Instances


def checked_size(
    instances: Instances, classes: tuple[str, ...], *, multiple: int = 1, of: str = "stride"
) -> tuple[int, int]:
    """The image's (height, width).

    Raises `ValueError` where it is unknown or no multiple of `multiple`, the network's `of`, or a
    label has no class.
    """
    size = instances.size
    if size is None:
        raise ValueError("encode needs instances with their image's size, got size None")
    if any(side % multiple for side in size):
        raise ValueError(
            f"image height and width must be multiples of the {of} {multiple}, got "
            f"{size[0]}×{size[1]}; crop or pad the sample first"
        )
    if instances.labels.max(initial=0) >= len(classes):
        raise ValueError(
            f"the model has {len(classes)} classes ({', '.join(classes)}), got the label "
            f"{instances.labels.max()}; set model.classes to those of the data"
        )
    return size
