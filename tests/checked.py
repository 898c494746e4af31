"""What the check makes of a text, with articles given whole."""

from retrieval.answering.checking import Checker, Source
from retrieval.answering.claims import Claim
from retrieval.answering.statements import Statement
from retrieval.embedding import LocalEmbedder
from retrieval.sentences import split_sentences
from retrieval.types import Article

EMBEDDER = LocalEmbedder()


def source(article: Article) -> Source:
    spans = tuple(split_sentences(article.text))
    vectors = EMBEDDER.embed_passages([article.text[one.start : one.end] for one in spans])
    return Source(article, 0, len(article.text), spans, vectors)


def supported(claim: str, *sources: Source, question: str = "") -> Statement | None:
    """What is left of one sentence that cites the first source."""
    checker = Checker(sources, EMBEDDER.embed_query, question)
    return checker.check(Claim(claim, (1,)))


def quotes(statement: Statement | None) -> list[str]:
    """The words it rests on."""
    return [one.quote for one in statement.evidence] if statement else []
