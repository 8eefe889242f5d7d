"""What the API returns of jobs. Fields may be added, never renamed."""

from pydantic import BaseModel

from qa_service.store.jobs import Job, JobState
from qa_service.web.document_responses import ReceiptOut
from qa_service.web.uploads import FailureOut


class JobOut(BaseModel):
    """`done` of `total` files had their turn. The rate is in files a second of work; null before the first is done."""

    job_id: str
    state: JobState
    total: int
    done: int
    failed: int
    total_bytes: int
    done_bytes: int
    rate_per_s: float | None
    remaining_s: float | None
    created_at: str
    finished_at: str | None

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        return cls(
            job_id=job.id,
            state=job.state,
            total=job.total,
            done=job.done,
            failed=job.failed,
            total_bytes=job.total_bytes,
            done_bytes=job.done_bytes,
            rate_per_s=round(job.done / job.worked_s, 3) if job.worked_s else None,
            remaining_s=_remaining(job),
            created_at=job.created_at,
            finished_at=job.finished_at,
        )


class JobsOut(BaseModel):
    jobs: list[JobOut]


class JobDetailOut(JobOut):
    """`next_after` is what to give as `after` to get only what came since. A deleted document has no receipt."""

    receipts: list[ReceiptOut]
    failures: list[FailureOut]
    next_after: int

    @classmethod
    def of_job(cls, job: Job, receipts: list[ReceiptOut], failures: list[FailureOut], last: int) -> "JobDetailOut":
        return cls(**JobOut.of(job).model_dump(), receipts=receipts, failures=failures, next_after=last)


def _remaining(job: Job) -> float | None:
    """Bytes tell more than files: the largest take longest."""
    if job.finished_at is not None:
        return 0.0
    return round(job.worked_s * (job.total_bytes - job.done_bytes) / job.done_bytes, 1) if job.done_bytes else None
