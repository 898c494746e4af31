"""One form for all spellings of the same thing: characters, numbers, dates.

Indexing, search and checking all compare folded text, so that 資料 finds 资料 and 十二 finds 12.
Every result knows where in its text it came from, so that quotes stay verbatim.
"""

from retrieval.folding.characters import Folded, fold, fold_with_origins, is_traditional
from retrieval.folding.figures import Figure, chinese_number, figure_values, find_figures

__all__ = [
    "Figure",
    "Folded",
    "chinese_number",
    "figure_values",
    "find_figures",
    "fold",
    "fold_with_origins",
    "is_traditional",
]
