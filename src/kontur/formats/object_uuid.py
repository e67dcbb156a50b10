"""UUIDs of our objects, which have their ids: QuPath writes back the UUID and not our own list.

Of version 8, whose bits are left to whoever makes it (RFC 9562): 48 are of a hash, 26 mark it as
ours, and the last 48 are the id.
"""

import hashlib
import uuid

BITS = 48  # of the id
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
    hashed = int.from_bytes(hashlib.sha256(of.encode()).digest()[: BITS // 8])
    return str(uuid.UUID(int=(hashed << 80) | MARK | number))


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
