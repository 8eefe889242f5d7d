"""Settings, read once: `QA_*` environment variables, each also a flag of the command that uses it."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from embeddings.encoder import Runtime
from qa_service.errors import BadInput


class Settings(BaseSettings):
    """Every setting has a default that works; the README says what each sets."""

    model_config = SettingsConfigDict(env_prefix="QA_", frozen=True, extra="forbid")

    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    model: str = ""
    runtime: Runtime = "openvino"
    rerank: str = ""
    allow_download: bool = False
    min_confidence: float = Field(0.3, ge=0, le=1)
    cached_answers: int = Field(256, ge=0, le=100_000)
    max_upload_mb: int = Field(20, ge=1, le=1024)
    allowed_hosts: str = ""


def read_settings(**flags: object) -> Settings:
    """Settings from the environment, overridden by the flags that are not None. BadInput names what was wrong."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise BadInput(f"setting QA_{name.upper()}: {first['msg']}") from error
