"""Settings, read once: `QA_*` environment variables, each also a flag of the command that uses it."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from qa_service.errors import BadInput


class Settings(BaseSettings):
    """Every setting has a default that works."""

    model_config = SettingsConfigDict(env_prefix="QA_", frozen=True, extra="forbid")

    data_dir: Path = Field(Path("data"), description="Folder of the store, the index and the built model")
    host: str = Field("127.0.0.1", description="Address that the service listens on")
    port: int = Field(8000, ge=0, le=65535, description="Port that the service listens on; 0 takes a free one")
    model: str = Field("", description="Folder or hub name of a sentence-transformers model; empty: the bundled one")
    allow_download: bool = Field(False, description="May a model named in QA_MODEL be fetched from the hub?")
    min_confidence: float = Field(
        0.5, ge=0, le=1, description="Below this confidence the answer is “not in these documents”"
    )
    max_upload_mb: int = Field(20, ge=1, le=1024, description="Largest file that an upload may hold, in MB")
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1]",
        description="Host names that the service answers to, separated by commas; * for any",
    )


def read_settings(**flags: object) -> Settings:
    """Settings from the environment, overridden by the flags that are not None. BadInput names what was wrong."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise BadInput(f"setting QA_{name.upper()}: {first['msg']}") from error
