"""One form for all spellings of the same thing: characters, numbers, dates.

Indexing, search and checking all compare folded text, so that 資料 finds 资料, 十二 finds 12 and
二〇二五年三月 finds 2025-03. Every result knows where in its text it came from, so that quotes stay
verbatim.
"""

from retrieval.folding.canonical import canonical, replaced, spelled_date
from retrieval.folding.characters import (
    Folded,
    fold,
    fold_with_origins,
    is_traditional,
    same_script,
)
from retrieval.folding.dates import find_dates
from retrieval.folding.days import DateSpan
from retrieval.folding.figures import Figure, chinese_number, figure_values, find_figures

__all__ = [
    "DateSpan",
    "Figure",
    "Folded",
    "canonical",
    "chinese_number",
    "figure_values",
    "find_dates",
    "find_figures",
    "fold",
    "fold_with_origins",
    "is_traditional",
    "replaced",
    "same_script",
    "spelled_date",
]
