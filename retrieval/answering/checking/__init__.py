"""The check between a chat model's text and the reader."""

from retrieval.answering.checking.checker import Checker
from retrieval.answering.checking.source import Source

__all__ = ["Checker", "Source"]
