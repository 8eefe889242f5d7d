"""What is indexed together and asked of it: the configurations in which a question set is run."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.sets import CorpusDocument, Question, SetError, SetFolder

NO_SOURCE = "-"


@dataclass(frozen=True, slots=True)
class Pool:
    """One corpus as it is indexed, and the questions asked of it. The ids of the documents are unique."""

    name: str
    documents: tuple[CorpusDocument, ...]
    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        known = {document.id for document in self.documents}
        if len(known) != len(self.documents):
            raise SetError(f"{self.name}: document ids occur twice in the pool; take a mixed pool of parallel corpora")
        for question in self.questions:
            named = {*question.relevant, *(evidence.document for evidence in question.evidence)}
            if not named <= known:
                raise SetError(f"{self.name}: question {question.id} names {sorted(named - known)}, not in the corpus")


def single_corpus(folder: SetFolder, languages: Sequence[str], corpus_language: str) -> Pool:
    """The corpus of one language, asked in `languages`: each is a pair `language>corpus_language`."""
    questions = tuple(q for language in languages for q in folder.questions(language, corpus_language))
    name = f"{'+'.join(languages)}>{corpus_language}" if corpus_language else folder.path.name
    return without_duplicates(Pool(name, folder.corpus(corpus_language), questions))


def whole_corpora(folder: SetFolder, languages: Sequence[str]) -> Pool:
    """The whole corpora of several languages in one pool, every language asking on every one of them."""
    documents = tuple(document for language in languages for document in folder.corpus(language))
    pairs = [(asked, held) for asked in languages for held in languages]
    if not any(folder.pair_file(*pair).is_file() for pair in pairs):
        pairs = [(language, language) for language in languages]
    questions = tuple(question for pair in pairs for question in folder.questions(*pair))
    return without_duplicates(Pool("+".join(languages), documents, questions))


def mixed_pool(folder: SetFolder, languages: Sequence[str], rotation: int) -> Pool:
    """Document i (ids sorted) in language (i + rotation) mod n only, asked in all languages.

    Needs parallel corpora. The answers are those of the language that the relevant document has in this rotation.
    """
    corpora = {language: {document.id: document for document in folder.corpus(language)} for language in languages}
    ids = sorted(corpora[languages[0]])
    if any(sorted(corpus) != ids for corpus in corpora.values()):
        raise SetError(f"{folder.path.name}: the corpora are not parallel, a mixed pool needs the same ids in all")
    held = {id_: languages[(i + rotation) % len(languages)] for i, id_ in enumerate(ids)}
    answers = {(lang, q.id): q.answers for lang in languages for q in folder.questions(lang, lang)}
    questions = tuple(
        replace(question, answers=answers[held[question.relevant[0]], question.id])
        for language in languages
        for question in folder.questions(language, language)
    )
    documents = tuple(corpora[held[id_]][id_] for id_ in ids)
    return Pool(f"mixed, rotation {rotation}", documents, questions)


def own_candidates(pool: Pool) -> tuple[Pool, ...]:
    """One pool a question, holding only the question's own candidates."""
    documents = {document.id: document for document in pool.documents}
    return tuple(
        without_duplicates(Pool(f"candidates of {q.id}", tuple(documents[id_] for id_ in q.candidates), (q,)))
        for q in pool.questions
    )


def half_unanswerable(pool: Pool, key: Callable[[str], str]) -> Pool:
    """Without half of the documents, chosen by their keys: what only they answered is unanswerable now.

    Documents of one key, such as translations of each other, go or stay together.
    """
    kept = tuple(each for each in pool.documents if hashlib.sha256(f"kept {key(each.id)}".encode()).digest()[0] % 2)
    ids = {document.id for document in kept}
    questions = tuple(
        replace(question, relevant=relevant, answerable=bool(relevant), evidence=(), candidates=())
        for question in pool.questions
        for relevant in [tuple(id_ for id_ in question.relevant if id_ in ids)]
    )
    return Pool(f"half of {pool.name}", kept, questions)


def without_duplicates(pool: Pool) -> Pool:
    """The same bytes are one document: equal texts become the first of them, in the judgements too."""
    kept: dict[str, CorpusDocument] = {}
    for document in pool.documents:
        kept.setdefault(document.text, document)
    if len(kept) == len(pool.documents):
        return pool
    alias = {document.id: kept[document.text].id for document in pool.documents}
    questions = tuple(_renamed(question, alias) for question in pool.questions)
    return Pool(pool.name, tuple(kept.values()), questions)


def _renamed(question: Question, alias: dict[str, str]) -> Question:
    return replace(
        question,
        relevant=tuple(dict.fromkeys(alias[id_] for id_ in question.relevant)),
        evidence=tuple(replace(evidence, document=alias[evidence.document]) for evidence in question.evidence),
        candidates=tuple(dict.fromkeys(alias.get(id_, id_) for id_ in question.candidates)),
    )


def limited(pool: Pool, question_ids: frozenset[str]) -> Pool:
    """The same corpus, asked these questions only."""
    return replace(pool, questions=tuple(q for q in pool.questions if q.id in question_ids))


def language_pair(question: Question, languages: Mapping[str, str]) -> str:
    """`question language>evidence language`, from the languages of the pool's documents by id.

    `kk>zh`, `en>en+zh`, or `kk>-` where nothing in a corpus of several languages answers.
    """
    wanted: Iterable[str] = question.relevant or [e.document for e in question.evidence] or question.candidates
    found = {languages[id_] for id_ in wanted if id_ in languages} or set(languages.values())
    if not wanted and len(found) > 1:
        return f"{question.language}>{NO_SOURCE}"
    return f"{question.language}>{'+'.join(sorted(found))}"
