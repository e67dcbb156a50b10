"""UUIDs of our objects, which have their ids: QuPath writes back the UUID and not our own list.

Of version 8, whose bits are left to whoever makes it (RFC 9562): 24 are of a hash of the image, 24
tell the features of one object apart, 26 mark it as ours, and the last 48 are the id.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Sequence

BITS = 48  # of the id
HASH, IMAGE = 6, 3  # bytes of the hash, and those of them that are of the image
MARK = (8 << 76) | (0x6B6 << 64) | (0b10 << 62) | (0x1F2A << BITS)  # the version and variant too
MARKED = (0xFFFF << 64) | (0xFFFF << BITS)


def uuid_for(number: int, of: str) -> str:
    """The UUID of an object by its id, and by what tells it from those of other images.

    An id below 0 or of more than 48 bits cannot be read from it.

    >>> id_in(uuid_for(17, "a.png")), id_in(uuid_for(-3, "a.png"))
    (17, None)
    """
    if not 0 <= number < 1 << BITS:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{of}/{number}"))
    return _with_hash(hashlib.sha256(of.encode()).digest()[:HASH], number)


def uuid_beside(name: str, number: int, where: str) -> str:
    """Another UUID of an object, of the same image where `name` has one, by where it is.

    >>> there = uuid_beside(uuid_for(17, "a.png"), 17, "plane 1")
    >>> ids_in([uuid_for(17, "a.png"), there, uuid_for(17, "b.png")])
    [17, 17, None]
    """
    other = uuid_for(number, f"{name}/{where}")
    if id_in(name) is None or id_in(other) is None:
        return other
    return _with_hash(_image(name) + uuid.UUID(other).bytes[IMAGE:HASH], number)


def _with_hash(hashed: bytes, number: int) -> str:
    return str(uuid.UUID(int=(int.from_bytes(hashed) << 80) | MARK | number))


def ids_in(names: Sequence[str | None], listed: Collection[str] = ()) -> list[int | None]:
    """The ids in the UUIDs of a file, of those that were made for its image: most of ours.

    Those of another image, whose objects were copied into the file, say nothing here. With
    `listed`, UUIDs that are known to be of the file, only these say which image it is.
    """
    images = [None if name is None or id_in(name) is None else _image(name) for name in names]
    of_file = (
        image
        for name, image in zip(names, images, strict=True)
        if image is not None and (not listed or name in listed)
    )
    most = next((image for image, _ in Counter(of_file).most_common(1)), None)
    return [
        id_in(name) if image is not None and image == most else None
        for name, image in zip(names, images, strict=True)
    ]


def _image(name: str) -> bytes:
    return uuid.UUID(name).bytes[:IMAGE]


def id_in(name: str | None) -> int | None:
    """The id of the object for which a UUID was made here; None of any other."""
    value = 0 if name is None else uuid.UUID(name).int
    return value & ((1 << BITS) - 1) if value & MARKED == MARK else None


def is_ours(name: str) -> bool:
    """Whether a UUID was made here: with an id, or of version 5 without, as all were before.

    >>> is_ours(uuid_for(17, "a.png")), is_ours(uuid_for(-3, "a.png")), is_ours(str(uuid.uuid4()))
    (True, True, False)
    """
    return id_in(name) is not None or uuid.UUID(name).version == 5
