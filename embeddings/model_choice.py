"""Which model, from where: a folder, a name of the hub, or the bundled one, built once; and what runs it.

The runtimes are imported where one is chosen: torch takes seconds and hundreds of megabytes.
"""

import logging
import re
import shutil
from contextlib import suppress
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from embeddings import bundled
from embeddings.bundled import Progress
from embeddings.encoder import Encoder, Runtime
from embeddings.errors import ModelError
from embeddings.folder_spec import FACTS_FILE, read_spec
from embeddings.model_folder import load_object
from embeddings.reranker import Reranker
from embeddings.reranker_weights import shipped_weights_file
from embeddings.spec import ModelSpec

logger = logging.getLogger(__name__)

OFF = "off"
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")  # a user and a name
# Never fetched: pickled weights, programs, other runtimes' copies.
HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]
OTHER_RUNTIMES = ["onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*"]


def import_runtime(runtime: Runtime) -> None:
    """Imports beforehand what load_encoder() would, so that it then computes beside a thread that imports."""
    if runtime != "torch":
        with suppress(ImportError):
            import embeddings.openvino_reranker  # noqa: F401, PLC0415


def load_encoder(
    model: str | None,
    data_dir: Path,
    allow_download: bool = False,
    progress: Progress | None = None,
    runtime: Runtime = "openvino",
) -> Encoder:
    """The encoder of `model` (folder or hub name), else the bundled one in `data_dir`, built if it isn't there.

    A hub name is looked up in the hub's local cache, and downloaded only if `allow_download`. What OpenVINO cannot run
    is run by torch. One process at a time may call this with the same `data_dir`. Raises ModelError with what is wrong
    and what to do.
    """
    if model:
        folder = _folder_of(model, allow_download)
        spec = read_spec(folder)
    else:
        folder, spec = ready_folder(data_dir, progress)
    if runtime != "torch":
        try:
            return _openvino_encoder(folder, spec, data_dir / "models" / "openvino", progress, runtime)
        except ModelError as error:
            logger.warning("%s; torch runs it instead, as QA_RUNTIME=torch does at once", error)
    return _torch_encoder(folder, spec)


def load_reranker(choice: str, encoder: Encoder, allow_download: bool = False) -> Reranker | None:
    """The reranker of `choice` (folder or hub name); for "" the one that ships for the encoder, if there is one.

    None for "off". Raises ModelError with what is wrong and what to do.
    """
    if choice == OFF:
        return None
    if choice:
        from embeddings.cross_encoder import CrossEncoderReranker  # noqa: PLC0415

        return CrossEncoderReranker(_folder_of(choice, allow_download, "QA_RERANK"), choice)
    weights = shipped_weights_file(encoder.spec)
    return None if weights is None else _openvino_reranker(encoder, weights) or _torch_reranker(encoder)


def _openvino_encoder(
    folder: Path, spec: ModelSpec, home: Path, progress: Progress | None, runtime: Runtime
) -> Encoder:
    try:
        from embeddings import openvino_encoder, openvino_files, openvino_model  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(f"OpenVINO cannot be used ({error}); install it: pip install openvino") from error
    networks = openvino_files.ready_networks(folder, spec, home, progress)
    precision = "f32" if runtime == "openvino-f32" else openvino_model.fast_precision()
    openvino_model.warn_of_slow_processor()
    return openvino_encoder.OpenVinoEncoder(networks, folder, spec, precision)


def _openvino_reranker(encoder: Encoder, weights: Path) -> Reranker | None:
    """None for an encoder that runs on torch."""
    try:
        from embeddings.openvino_reranker import shipped_reranker  # noqa: PLC0415
    except ImportError:
        return None
    return shipped_reranker(encoder, weights)


def _torch_encoder(folder: Path, spec: ModelSpec) -> Encoder:
    from embeddings.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415

    return SentenceTransformerEncoder(folder, spec=spec)


def _torch_reranker(encoder: Encoder) -> Reranker | None:
    from embeddings.bundled_reranker import shipped_reranker  # noqa: PLC0415
    from embeddings.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415

    return shipped_reranker(encoder) if isinstance(encoder, SentenceTransformerEncoder) else None


def ready_folder(data_dir: Path, progress: Progress | None = None) -> tuple[Path, ModelSpec]:
    """The bundled model's folder in `data_dir`, checked or built, and its spec. Raises ModelError."""
    folder = data_dir / "models" / bundled.NAME.rpartition("/")[2]
    spec = _sound_spec(folder)
    if spec is None:
        bundled.build(folder, progress)
        spec = read_spec(folder)
    return folder, spec


def _sound_spec(folder: Path) -> ModelSpec | None:
    """The spec of a sound bundled folder; a damaged or outdated one is set aside, the last one kept."""
    if not folder.exists():
        return None
    try:
        found = load_object(folder / FACTS_FILE).get("format")
        if found != bundled.FOLDER_FORMAT:
            raise ModelError(f"{folder} has format {found}, not {bundled.FOLDER_FORMAT}")
        return read_spec(folder)
    except ModelError as error:
        aside = folder.with_name(f"{folder.name}.damaged")
        logger.warning("the model is set aside as %s and built again: %s", aside, error)
        shutil.rmtree(aside, ignore_errors=True)
        try:
            folder.rename(aside)
        except OSError as failure:
            raise ModelError(f"{folder} is damaged and cannot be set aside ({failure}); remove it") from error
        return None


def _folder_of(model: str, allow_download: bool, setting: str = "QA_MODEL") -> Path:
    if Path(model).is_dir():
        return Path(model)
    if not HUB_NAME.fullmatch(model):
        raise ModelError(f"there is no model folder {model}; set {setting} to a folder or to a name of the hub")
    try:
        return Path(
            snapshot_download(
                model, local_files_only=not allow_download, allow_patterns=HUB_FILES, ignore_patterns=OTHER_RUNTIMES
            )
        )
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"the model {model} is not in the hub's local cache; allow the download, or fetch it where there is a "
            f"network and give its folder: hf download {model} --exclude '*.bin' --local-dir FOLDER; {setting}=FOLDER"
        ) from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"the model {model} cannot be fetched from the hub ({error}); check its name and the network"
        ) from error
