"""What lies in the store, and what is cleared away."""

import io
import os
import time
from hashlib import sha256

import pytest

from exchange.files.store import UNCLAIMED_FOR, Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "uploads")


def aged(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def test_the_same_is_kept_once_under_its_hash(store, tmp_path):
    assert store.put(io.BytesIO(b"one")) == store.put(io.BytesIO(b"one")) == (sha256(b"one").hexdigest(), 3)
    assert len(list((tmp_path / "uploads").glob("??/*"))) == 1
    assert not list((tmp_path / "uploads").glob("new-*"))


@pytest.mark.parametrize("name", ["../x", "A" * 64, "a" * 63, "/" + "a" * 63])
def test_what_is_no_hash_leads_nowhere(store, name):
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)


def test_what_no_record_has_after_a_day_is_removed(store, tmp_path):
    claimed, old, new = (store.put(io.BytesIO(data))[0] for data in (b"one", b"two", b"three"))
    for digest in (claimed, old):
        aged(store.path(digest), UNCLAIMED_FOR + 5)
    aged(store.path(new), UNCLAIMED_FOR - 60)
    half = tmp_path / "uploads" / "new-half"
    half.write_bytes(b"half")
    aged(half, UNCLAIMED_FOR + 5)
    assert store.remove_unclaimed(lambda digest: digest == claimed) == 2
    assert [store.has(each) for each in (claimed, old, new)] == [True, False, True]
    assert not half.exists()


def test_what_comes_again_is_new_again(store):
    old = store.put(io.BytesIO(b"two"))[0]
    aged(store.path(old), UNCLAIMED_FOR + 5)
    store.put(io.BytesIO(b"two"))
    assert store.remove_unclaimed(lambda _: False) == 0


def test_a_disk_that_fills_up_leaves_nothing_half(store, tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.put(Broken())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
