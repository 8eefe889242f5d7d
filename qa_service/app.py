"""The only place that chooses parts."""

import logging
from contextlib import ExitStack, closing

from threadpoolctl import threadpool_limits

from embeddings.encoder import Encoder
from embeddings.model_choice import OFF, load_encoder, load_reranker
from embeddings.neutral import shipped_means
from embeddings.reranker import Reranker
from embeddings.shared_batches import SharedBatches
from qa_service.answering.confidence import Confidence, find_confidence
from qa_service.config import Settings
from qa_service.ingest.clean_meaning import shipped_rule
from qa_service.retrieval.retriever import Retriever
from qa_service.service import Service
from qa_service.store.indexer import Indexer, Progress, remake
from qa_service.store.manifest import IndexManifest
from qa_service.store.passage_index import PassageIndex
from qa_service.store.right_of_way import RightOfWay, YieldingEncoder
from qa_service.store.store import Store

log = logging.getLogger(__name__)


def choose_encoder(settings: Settings, progress: Progress | None = None) -> Encoder:
    """The encoder that the settings name; the bundled one is built on its first use. Raises ModelError."""
    return load_encoder(settings.model or None, settings.data_dir, settings.allow_download, progress, settings.runtime)


def choose_reranker(settings: Settings, encoder: Encoder) -> Reranker | None:
    """The second stage that the settings name, by default the one that ships for the encoder. Raises ModelError."""
    reranker = load_reranker(settings.rerank, encoder, settings.allow_download)
    if reranker is None and settings.rerank != OFF:
        log.warning("no reranker for %s: the first stage stands alone", encoder.spec.name)
    return reranker


def open_service(settings: Settings, encoder: Encoder, reranker: Reranker | None = None) -> Service:
    """The service over a data directory whose lock the caller holds. Raises StoreError and IndexMismatch."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    # OpenBLAS' threads go on spinning after each small product, on the cores that torch needs: it took three times as
    # long on two cores. Nothing here multiplies matrices that are worth a second thread.
    threadpool_limits(1, user_api="blas")
    confidence = _find_confidence(settings, encoder, reranker)
    with ExitStack() as opened:
        store = opened.enter_context(closing(Store(settings.data_dir)))
        store.check_manifest(IndexManifest.current(encoder.spec))
        reference = shipped_means(encoder.spec)
        if reference is None:
            log.warning("no language means for %s: those of the corpus alone are used", encoder.spec.name)
        index = PassageIndex(store, settings.data_dir / "index", encoder.spec.dimension, reference)
        opened.pop_all()  # the service closes them
    advertisements = shipped_rule(encoder.spec.weights_sha256)
    if advertisements is None:
        log.warning("no rule on advertisements for %s: spam is known by its words and its form", encoder.spec.name)
    right_of_way = RightOfWay()
    return Service(
        retriever=Retriever(store, index, SharedBatches(encoder), reranker),
        indexer=Indexer(store, index, YieldingEncoder(encoder, right_of_way), advertisements),
        confidence=confidence,
        min_confidence=settings.min_confidence,
        right_of_way=right_of_way,
        cached_answers=settings.cached_answers,
        largest=settings.max_upload_mb * 1_000_000,
    )


def _find_confidence(settings: Settings, encoder: Encoder, reranker: Reranker | None) -> Confidence:
    second = reranker.name if reranker else OFF
    confidence = find_confidence(encoder.spec.weights_sha256, second, settings.data_dir / "calibrations")
    if not confidence.is_calibrated:
        log.warning(
            "the confidence is not calibrated for %s with the second stage %s: `python -m eval.fit_confidence` does it",
            *(encoder.spec.name, second),
        )
    return confidence


def reindex(settings: Settings, encoder: Encoder, everything: bool, progress: Progress) -> int:
    """Makes anew what another model or pipeline version made, or everything; how many documents.

    The caller holds the lock, and nothing else has the store open.
    """
    with closing(Store(settings.data_dir)) as store:
        manifest = IndexManifest.current(encoder.spec)
        return remake(store, encoder, store.document_ids() if everything else store.outdated(manifest), progress)
