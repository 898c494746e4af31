"""Figures as rows of text: a column for each set, with the change where there was one before."""

from collections.abc import Mapping
from typing import Any

from retrieval.evaluation.measures import STAGES

_ROWS: dict[str, str] = {
    "answerable": "answerable questions",
    "without_article": "  their article is not there",
    "unanswerable": "unanswerable questions",
    "hit_at_1": "hit@1",
    "hit_at_5": "hit@5",
    "hit_at_10": "hit@10",
    "ndcg_at_10": "nDCG@10",
    "mrr": "MRR",
    "groups_in_ten": "all groups in ten",
    "answer_found": "answer found",
    "answer_contained": "  word for word",
    "answer_overlap": "  overlap F1",
    "answer_length": "answer length, mean",
    "cites_positive": "cites the right article",
    "verbatim": "verbatim quotes",
    "wrong_article_first": "false article first",
    "fake_answer_given": "false answer given",
    "wrongly_refused": "wrongly refused",
    "rightly_refused": "rightly refused",
    "auc": "AUC of confidence",
    "refused_at_5": "  refused at 5 % wrongly",
    "refused_at_10": "  refused at 10 % wrongly",
    **{f"{stage}_{share}": f"{stage} {share}, ms" for stage in STAGES for share in ("p50", "p95")},
}
_ROWS_OF_MODEL: dict[str, str] = {
    "written": "answers of the model",
    "fallbacks": "fallbacks",
    "withheld": "sentences withheld",
    "withheld_share": "  of all its sentences",
    "tokens_read": "tokens read",
    "tokens_read_mean": "  each question",
    "tokens_written": "tokens written",
    "tokens_written_mean": "  each question",
    "cost": "cost",
    "cost_mean": "  each question",
}
_DIGITS = {"tokens_read_mean": 1, "tokens_written_mean": 1, "cost": 4, "cost_mean": 6}


def rows_of(
    sets: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]
) -> list[list[str]]:
    """Rows of cells, the first with the names of the sets. Sets as figures.json has them."""
    columns = [(_flat(figures), _flat(before.get(name, {}))) for name, figures in sets.items()]
    rows = [["", *sets]]
    for key, label in _ROWS.items():
        if any(now.get(key) is not None for now, _ in columns):
            cells = [_cell(key, now.get(key), old.get(key)) for now, old in columns]
            rows.append([label, *cells])
    if any("model" in figures for figures in sets.values()):
        for key, label in _ROWS_OF_MODEL.items():
            rows.append([label, *(_cell(key, now.get(key), old.get(key)) for now, old in columns)])
    return rows


def as_text(rows: list[list[str]]) -> str:
    """The rows in columns of even width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _flat(figures: Mapping[str, Any]) -> dict[str, float | None]:
    flat = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    flat |= figures.get("refusals") or {}
    flat |= figures.get("model") or {}
    for stage, percentiles in figures.get("milliseconds", {}).items():
        flat |= {f"{stage}_{share}": value for share, value in percentiles.items()}
    return flat


def _cell(key: str, value: float | None, before: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        change = value - before if before is not None else 0
        return f"{value} ({change:+})" if change else str(value)
    digits = _DIGITS.get(key, 1 if key.endswith(("_p50", "_p95", "_length")) else 3)
    change = round(value - before, digits) if before is not None else 0
    return f"{value:.{digits}f}" + (f" ({change:+.{digits}f})" if change else "")
