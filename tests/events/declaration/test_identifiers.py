"""Time-ordered ids."""

import threading

from workflow_events.events.declaration.identifiers import tick, uuid7


def test_grow() -> None:
    """`id`, a monotonic UUIDv7."""
    ids = [uuid7() for _ in range(5000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 5000
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}


def test_sort_by_their_moment() -> None:
    moments = [tick() for _ in range(1000)]
    assert moments == sorted(set(moments))
    ids = [uuid7(moment) for moment in reversed(moments)]
    assert ids == sorted(ids, reverse=True)
    assert (uuid7(5_000_001).int >> 80) == 5


def test_in_threads() -> None:
    """Threads that meet may share a moment, and the random bits tell them apart."""
    found: list[list[object]] = [[] for _ in range(4)]

    def make(ids: list[object]) -> None:
        ids.extend(uuid7() for _ in range(2000))

    threads = [threading.Thread(target=make, args=(ids,)) for ids in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({i for ids in found for i in ids}) == 8000
