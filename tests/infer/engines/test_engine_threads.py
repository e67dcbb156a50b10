"""Objects are shared among threads so that no digit depends on how many there are."""

from hypothesis import given
from hypothesis import strategies as st

from kontur.infer.engines.engine_threads import PART, TOGETHER, parts_of


@given(count=st.integers(0, 3000), threads=st.integers(1, 64))
def test_parts_are_all_objects_in_order_and_as_many_for_each_thread(count, threads):
    parts = parts_of(count, threads)
    assert [i for part in parts for i in range(count)[part]] == list(range(count))
    sizes = [part.stop - part.start for part in parts]
    assert all(0 < size < PART + TOGETHER for size in sizes)
    assert all(part.start % TOGETHER == 0 for part in parts)
    if count >= threads * TOGETHER:
        assert len(parts) % threads == 0
        assert max(sizes) - min(sizes) < 2 * TOGETHER
