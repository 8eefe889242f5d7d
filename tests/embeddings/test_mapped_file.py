import mmap
import sys
from pathlib import Path

import pytest

from embeddings.mapped_file import release
from tests.embeddings.resident import resident

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the pages stay")
CONTENT = bytes(range(256)) * 4096


@pytest.mark.parametrize("name", ["weights.bin", "веса 权重.bin"])
def test_a_file_that_was_read_leaves_the_memory_and_can_be_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENT)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:] == CONTENT
        assert resident(path) == len(CONTENT)
        release(path)
        assert resident(path) == 0
        assert mapped[:] == CONTENT


def test_a_file_that_somebody_may_write_to_stays(tmp_path: Path) -> None:
    path = tmp_path / "table.bin"
    path.write_bytes(CONTENT)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[0] = 7
        release(path)
        assert mapped[0] == 7


def test_a_file_that_is_not_mapped_takes_nothing_from_another(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(CONTENT)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:] == CONTENT
        release(tmp_path / "none.bin")
        assert resident(path) == len(CONTENT)
