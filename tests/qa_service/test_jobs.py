"""Jobs: one file at a time, nothing lost to a restart or a kill, nothing left behind on disk."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from embeddings.encoder import Vectors
from embeddings.hashing import HashingEncoder
from qa_service.app import open_service
from qa_service.config import Settings
from qa_service.errors import NotFound, Stopping, StoreError
from qa_service.jobs import Jobs
from qa_service.records import Failure, RawFile, TakenIn
from qa_service.service import Service
from qa_service.store.database import Database
from qa_service.store.jobs import Job, JobTable, StagedFile
from qa_service.store.staging import Staging
from tests.qa_service.ingest.extract import made_files

NOTHING = TakenIn((), (), is_container=False)
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.qa_service.test_jobs"])


def stage(staging: Staging, *texts: str) -> list[StagedFile]:
    files = []
    for number, text in enumerate(texts):
        name, file = staging.create()
        with file:
            file.write(text.encode())
        files.append(StagedFile(name, len(text.encode()), f"{number}.txt", {"title": text}, f"/{number}", None))
    return files


def ended(jobs: Jobs, job_id: str) -> Job:
    deadline = time.monotonic() + 20
    while (job := jobs.job(job_id)).finished_at is None:
        assert time.monotonic() < deadline, job
        time.sleep(0.01)
    return job


@contextmanager
def made(data_dir: Path, take_in: Callable[[RawFile], TakenIn]) -> Iterator[tuple[Jobs, Staging]]:
    database, staging = Database(data_dir / "qa.sqlite3"), Staging(data_dir / "uploads")
    jobs = Jobs(JobTable(database), staging, take_in, pause_s=0.01)
    try:
        yield jobs, staging
    finally:
        jobs.close()
        database.close()


def left(data_dir: Path) -> Sequence[str]:
    return [path.name for path in (data_dir / "uploads").iterdir()]


def test_files_have_their_turn_in_order_with_what_was_sent_beside_them(tmp_path: Path) -> None:
    seen: list[RawFile] = []

    def take_in(file: RawFile) -> TakenIn:
        seen.append(file)
        return NOTHING

    with made(tmp_path, take_in) as (jobs, staging):
        ids = [jobs.submit(stage(staging, *texts), []).id for texts in (["a", "b", "c"], ["d"])]
        ended_jobs = [ended(jobs, each) for each in ids]
    assert [file.content for file in seen] == [b"a", b"b", b"c", b"d"]
    assert [file.path for file in seen] == ["/0", "/1", "/2", "/0"]
    assert [file.metadata["title"] for file in seen] == ["a", "b", "c", "d"]
    assert [(job.state, job.done, job.total, job.done_bytes) for job in ended_jobs] == [
        ("done", 3, 3, 3),
        ("done", 1, 1, 1),
    ]
    assert left(tmp_path) == []


def test_a_cancelled_job_takes_in_no_more(tmp_path: Path) -> None:
    started, go_on = threading.Event(), threading.Event()

    def take_in(_file: RawFile) -> TakenIn:
        started.set()
        assert go_on.wait(10)
        return NOTHING

    with made(tmp_path, take_in) as (jobs, staging):
        first, second = (jobs.submit(stage(staging, "a", "b", "c"), []).id for _ in range(2))
        assert started.wait(10)
        assert [jobs.cancel(each).state for each in (second, first)] == ["cancelled", "cancelled"]
        assert len(left(tmp_path)) == 1, "the file whose turn it is"
        go_on.set()
        last = jobs.submit(stage(staging, "d"), []).id
        assert ended(jobs, last).state == "done"
        assert [jobs.job(each).done for each in (first, second)] == [1, 0]
        assert jobs.cancel(last).state == "done"
        with pytest.raises(NotFound):
            jobs.cancel("nothing")
    assert left(tmp_path) == []


class SlowEncoder(HashingEncoder):
    """Takes a moment for each batch, and tells of the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.batches = threading.Event(), 0

    def encode_passages(self, passages: Sequence[str]) -> Vectors:
        self.started.set()
        self.batches += 1
        time.sleep(0.02)
        return super().encode_passages(passages)


@pytest.mark.parametrize("is_archive", [True, False])
def test_a_cancelled_file_is_taken_in_no_further(tmp_path: Path, is_archive: bool) -> None:
    encoder = SlowEncoder()
    service = open_service(Settings(data_dir=tmp_path, min_confidence=0), encoder)
    try:
        book = "\n".join(f"Sentence {number} of a long book about rivers and bridges." for number in range(20_000))
        content = (
            made_files.zipped({f"{number}.txt": book + str(number) for number in range(3)}) if is_archive else book
        )
        name, file = service.staging.create()
        with file:
            file.write(content if isinstance(content, bytes) else content.encode())
        job = service.jobs.submit([StagedFile(name, 1, "book.zip" if is_archive else "book.txt", {}, None, None)], [])
        assert encoder.started.wait(30)
        assert service.jobs.cancel(job.id).state == "cancelled"
        after = service.jobs.submit(stage(service.staging, "A short text."), []).id
        assert ended(service.jobs, after).state == "done"
        assert encoder.batches < 20
        assert [entry.file_name for entry in service.documents(1, 10)[0]] == ["0.txt"]
    finally:
        service.close()
    assert left(tmp_path) == []


def test_a_cancelled_job_that_is_interrupted_does_not_go_on(tmp_path: Path) -> None:
    started, go_on = threading.Event(), threading.Event()

    def take_in(_file: RawFile) -> TakenIn:
        started.set()
        assert go_on.wait(10)
        raise Stopping("now")

    with made(tmp_path, take_in) as (jobs, staging):
        job_id = jobs.submit(stage(staging, "a", "b"), []).id
        assert started.wait(10)
        jobs.cancel(job_id)
        jobs.stop()
        go_on.set()
    with made(tmp_path, lambda file: pytest.fail(f"{file.name} has its turn")) as (jobs, _):
        jobs.resume()
        assert jobs.job(job_id).state == "cancelled"
    assert left(tmp_path) == []


def test_a_bug_costs_one_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def take_in(file: RawFile) -> TakenIn:
        if file.content == b"b":
            raise ZeroDivisionError
        return NOTHING

    with made(tmp_path, take_in) as (jobs, staging):
        job = ended(jobs, jobs.submit(stage(staging, "a", "b", "c"), []).id)
        (failure,) = jobs.failures(job.id)
    assert (job.state, job.done, job.failed) == ("done", 3, 1)
    assert (failure.file_name, failure.code) == ("1.txt", "internal_error")
    assert "ZeroDivisionError" in caplog.text


def test_a_full_disk_is_tried_again_and_then_told(tmp_path: Path) -> None:
    attempts: list[bytes] = []

    def take_in(file: RawFile) -> TakenIn:
        attempts.append(file.content)
        if file.content == b"always" or len(attempts) < 2:
            raise StoreError("the disk is full")
        return NOTHING

    with made(tmp_path, take_in) as (jobs, staging):
        job = ended(jobs, jobs.submit(stage(staging, "once", "always"), []).id)
        (failure,) = jobs.failures(job.id)
    assert attempts == [b"once"] * 2 + [b"always"] * 3
    assert (failure.file_name, failure.code, failure.reason) == ("1.txt", "store_error", "the disk is full")


def test_what_was_no_use_from_the_start_counts_as_done(tmp_path: Path) -> None:
    failure = Failure("large.txt", "too_large", "large.txt: larger than 1 MB")
    with made(tmp_path, lambda _: NOTHING) as (jobs, _staging):
        (tmp_path / "uploads").mkdir()
        job = jobs.submit([], [failure])
        assert (job.state, job.done, job.total, job.failed) == ("failed", 1, 1, 1)
        assert jobs.failures(job.id) == [failure]


def test_a_stopped_job_goes_on_at_the_next_start(tmp_path: Path) -> None:
    """However often: that is no fault of the file."""
    seen: list[bytes] = []

    def stopping(file: RawFile) -> TakenIn:
        seen.append(file.content)
        if file.content == b"b":
            interrupted.set()
            raise Stopping("now")
        return NOTHING

    job_id = ""
    for number in range(5):
        interrupted = threading.Event()
        with made(tmp_path, stopping) as (jobs, staging):
            if number == 0:
                job_id = jobs.submit(stage(staging, "a", "b", "c"), []).id
            else:
                jobs.resume()
            assert interrupted.wait(10)
            jobs.stop()
    assert set(seen) == {b"a", b"b"}
    seen.clear()
    (tmp_path / "uploads" / "orphan").write_text("left behind by a request that was cut off")

    def take_in(file: RawFile) -> TakenIn:
        seen.append(file.content)
        return NOTHING

    with made(tmp_path, take_in) as (jobs, _):
        before = jobs.job(job_id)
        assert (before.state, before.done) == ("running", 1)
        jobs.resume()
        assert "orphan" not in left(tmp_path)
        assert ended(jobs, job_id).done == 3
    assert seen == [b"b", b"c"]
    assert left(tmp_path) == []


def die_at(data_dir: Path, deadly: bytes) -> None:
    """What a service does that dies of one of the files."""

    def take_in(file: RawFile) -> TakenIn:
        if file.content == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return NOTHING

    with made(data_dir, take_in) as (jobs, _):
        jobs.resume()
        time.sleep(20)


def test_a_file_that_ends_the_process_is_left_out_at_last(tmp_path: Path) -> None:
    with made(tmp_path, lambda _: NOTHING) as (jobs, staging):
        jobs.stop()  # only written down
        job_id = jobs.submit(stage(staging, "a", "deadly", "c"), []).id
    for _ in range(3):
        process = _processes.Process(target=die_at, args=(tmp_path, b"deadly"))
        process.start()
        process.join(20)
        assert process.exitcode == -signal.SIGKILL
    with made(tmp_path, lambda _: NOTHING) as (jobs, _):
        jobs.resume()
        job = ended(jobs, job_id)
        (failure,) = jobs.failures(job_id)
    assert (job.done, job.failed) == (3, 1)
    assert failure.file_name == "1.txt"
    assert "the service ended while reading it" in failure.reason


def service_over(data_dir: Path) -> Service:
    return open_service(Settings(data_dir=data_dir), HashingEncoder())


def submit_and_wait(data_dir: Path, count: int, submitted: object) -> None:
    service = service_over(data_dir)
    texts = [f"Ferret number {number}. " + "It runs and digs. " * 30 for number in range(count)]
    service.jobs.submit(stage(service.staging, *texts), [])
    submitted.set()  # type: ignore[attr-defined]
    time.sleep(60)


@pytest.mark.parametrize("delay", [0.0, 0.2])
def test_a_kill_loses_nothing_of_a_job(tmp_path: Path, delay: float) -> None:
    """The documents are those of an undisturbed run, each once."""
    count = 60
    submitted = _processes.Event()
    process = _processes.Process(target=submit_and_wait, args=(tmp_path, count, submitted))
    process.start()
    assert submitted.wait(30)
    time.sleep(delay)
    process.kill()
    process.join()
    service = service_over(tmp_path)
    try:
        (job,) = service.jobs.jobs()
        assert job.done < count, "it was over before the kill"
        service.jobs.resume()
        job = ended(service.jobs, job.id)
        assert (job.state, job.done, job.failed, job.receipts) == ("done", count, 0, count)
        entries, total = service.documents(page=1, page_size=count)
        assert total == count
        assert {entry.metadata.title.partition(".")[0] for entry in entries} == {
            f"Ferret number {number}" for number in range(count)
        }
        assert left(tmp_path) == []
    finally:
        service.close()
