"""Questions with known answers, and figures on how they were answered.

sets (files of questions) -> asking (a collection of passages, everything asked of it) -> measures
(verdicts and figures) -> report (a page to read). Light to import: a reload needs only golden.
"""

from retrieval.evaluation.golden import (
    GOLDEN,
    Figures,
    GoldenQuestion,
    is_passed,
    is_right,
    load_golden,
    measure,
    parse_golden,
    read_golden,
)

__all__ = [
    "GOLDEN",
    "Figures",
    "GoldenQuestion",
    "is_passed",
    "is_right",
    "load_golden",
    "measure",
    "parse_golden",
    "read_golden",
]
