"""Which article each paragraph belongs to, once heads are known: joins, boxes, captions."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.corpus.newspaper import marks, seams
from retrieval.corpus.newspaper.cohesion import Cohesion
from retrieval.corpus.newspaper.heads import Kind, Outline
from retrieval.corpus.newspaper.lines import Layout
from retrieval.corpus.newspaper.page import Candidate, Choices

_MIN_BROKEN = 8
_WINDOW = 60
_NEAR = 5
_FAR = 30
_MAX_CANDIDATES = 6
_JOIN_AT = 0.8
_SURE_MARGIN = 1.0
_ADJACENT = 3.0
_AFTER_INSERT = 1.5
_INDENT = 2.0
_JUMPED = 4.0
_AFTER_BROKEN = -1.5
_OWN_TEXT_BETWEEN = -1.0
_COHESION = 12.0
_MAX_COHESION = 3.0
_STRAY_COHESION = 0.08
_MIN_STRAY_CELLS = 40
_MAX_BOX = 2


@dataclass(frozen=True, slots=True)
class Seam:
    """Paragraph `end` is broken off; it goes on in paragraph `start`, or nowhere."""

    end: int
    start: int | None
    score: float
    doubtful: bool
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """For each article the numbers of its paragraphs in reading order, and the seams."""

    articles: tuple[tuple[int, ...], ...]
    seams: tuple[Seam, ...]


def follow(layout: Layout, outline: Outline, cohesion: Cohesion, choices: Choices) -> Flow:
    """Every paragraph below the heads, each in one article."""
    return _Follower(layout, outline, cohesion, choices).flow()


class _Follower:
    def __init__(
        self, layout: Layout, outline: Outline, cohesion: Cohesion, choices: Choices
    ) -> None:
        self._layout = layout
        self._paragraphs = layout.paragraphs
        self._kinds = outline.kinds
        self._heads = outline.heads
        self._cohesion = cohesion
        self._choices = choices
        count = len(self._paragraphs)
        self._host = [-1] * count
        """The article in whose column a paragraph stands; -1 for the lines of heads."""
        ends = [head.first for head in self._heads[1:]] + [count]
        for article, (head, end) in enumerate(zip(self._heads, ends, strict=True)):
            self._host[head.body : end] = [article] * (end - head.body)
        self._members = [
            [number for number in range(head.body, end) if self._kinds[number] is Kind.BODY]
            for head, end in zip(self._heads, ends, strict=True)
        ]
        self._inserts = dict(self._find_inserts())
        self._inserted = {
            number for start, end in self._inserts.items() for number in range(start, end)
        }
        self._text = [
            number
            for number in range(count)
            if self._host[number] >= 0 and number not in self._inserted
        ]

    def flow(self) -> Flow:
        found = self._match()
        goes_on = {seam.start: seam.end for seam in found if seam.start is not None}
        self._extend_boxes(goes_on)
        owner: dict[int, int] = {}
        current = -1
        host = -1
        for number in self._text:
            if self._host[number] != host:
                host = current = self._host[number]
            if number in goes_on:
                current = owner[goes_on[number]]
            elif self._is_stray(number):
                current = self._stray_owner(number, current, owner)
            owner[number] = current
        articles = self._read_in_order(owner, goes_on)
        self._place_inserts(articles, set(goes_on))
        return Flow(tuple(map(tuple, articles)), tuple(found))

    # boxes and captions

    def _find_inserts(self) -> Iterator[tuple[int, int]]:
        """First paragraphs of boxes and captions that stand in a column, with their ends."""
        number = 0
        count = len(self._paragraphs)
        while number < count:
            end = number
            if self._host[number] >= 0:
                kind, text = self._kinds[number], self._paragraphs[number].text
                following = number + 1
                if kind is Kind.BOX:
                    has_body = following < count and self._host[following] == self._host[number]
                    end = following + has_body
                elif kind is Kind.BODY and marks.begins_box(text):
                    end = following
                elif kind is Kind.BODY and not self._is_own_photo(number):
                    if following < count and self._kinds[following] is Kind.CREDIT:
                        end = following + (self._host[following] >= 0)
                    elif marks.credit_of(text) or marks.is_caption(text):
                        end = following
            if end > number:
                yield number, end
            number = max(end, number + 1)

    def _extend_boxes(self, goes_on: dict[int, int]) -> None:
        """What stands between a box and the end of a sentence broken off above is in the box."""
        ends = set(goes_on.values())
        for first, end in self._inserts.items():
            following = end
            while (
                following - end < _MAX_BOX
                and following < len(self._paragraphs)
                and self._host[following] == self._host[first]
                and self._kinds[following] is Kind.BODY
                and following not in self._inserted
                and following not in goes_on
                and following not in ends
            ):
                following += 1
            is_box = self._kinds[first] is Kind.BOX
            if is_box and following in goes_on and goes_on[following] < first:
                self._inserts[first] = following
                self._inserted.update(range(end, following))
        self._text = [number for number in self._text if number not in self._inserted]

    def _is_own_photo(self, number: int) -> bool:
        """Whether a caption is the whole text of its article, so far."""
        return number - self._heads[self._host[number]].body <= 1

    def _place_inserts(self, articles: Sequence[list[int]], joined: set[int]) -> None:
        """Boxes and captions into the articles: in place, or last where that breaks a sentence."""
        texts = [tuple(numbers) for numbers in articles]
        for start, end in self._inserts.items():
            host = self._host[start]
            owner = self._nearest(range(start, end), host, texts)
            numbers = articles[owner]
            place = next((at for at, other in enumerate(numbers) if other > start), len(numbers))
            in_order = all(other < start for other in numbers[:place])
            if owner != host or not in_order or (place < len(numbers) and numbers[place] in joined):
                place = len(numbers)
            numbers[place:place] = range(start, end)

    def _nearest(self, numbers: Sequence[int], host: int, texts: Sequence[tuple[int, ...]]) -> int:
        """The article around `host` with whose words the paragraphs have most in common."""
        shares = {
            article: self._cohesion.shared(
                numbers, [*self._heads[article].lines, *texts[article][:_FAR]]
            )
            for article in self._around(host)
        }
        best = max(shares, key=shares.__getitem__)
        return best if shares[best] > shares[host] + _STRAY_COHESION / 2 else host

    def _around(self, article: int) -> range:
        return range(max(0, article - 2 * _NEAR), min(len(self._heads), article + _NEAR + 1))

    # joins

    def _match(self) -> list[Seam]:
        """For each broken end the place that goes on best with it, no place twice."""
        ends = [
            (position, number)
            for position, number in enumerate(self._text)
            if self._kinds[number] is Kind.BODY and self._is_broken(number)
        ]
        self._broken = {number for _, number in ends}
        weighed = {
            number: sorted(self._candidates(position), key=lambda pair: -pair[1])
            for position, number in ends
        }
        order = sorted(
            (
                (score, -abs(start - end), end, start)
                for end, candidates in weighed.items()
                for start, score in candidates
                if score >= _JOIN_AT
            ),
            reverse=True,
        )
        chosen = dict(self._chosen_by_others(weighed))
        fixed = {end for end in weighed if self._end_offset(end) in self._choices}
        taken = {start: end for end, start in chosen.items()}
        for _, _, end, start in order:
            if end not in chosen and start not in taken and end not in fixed:
                chosen[end] = start
                taken[start] = end
        self._exchange({end: dict(weighed[end]) for end in weighed if end not in fixed}, chosen)
        return [self._seam(end, chosen.get(end), weighed[end]) for end in weighed]

    def _exchange(self, scores: dict[int, dict[int, float]], chosen: dict[int, int]) -> None:
        """Let two broken ends exchange their places where both together gain by it."""
        taken = {start: end for end, start in chosen.items()}
        for end, wanted in scores.items():
            for start, score in list(wanted.items())[:_MAX_CANDIDATES]:
                rival = taken.get(start)
                if rival is None or rival == end or rival not in scores:
                    continue
                current = chosen.get(end)
                free = [
                    (other, place)
                    for place, other in scores[rival].items()
                    if other >= _JOIN_AT and (place == current or place not in taken)
                ]
                other, place = max(free, default=(0.0, None))
                kept = wanted[current] if current is not None else 0.0
                if score < _JOIN_AT or score + other <= kept + scores[rival][start]:
                    continue
                if current is not None:
                    del taken[current]
                chosen[end], taken[start] = start, end
                if place is None:
                    del chosen[rival]
                else:
                    chosen[rival], taken[place] = place, rival

    def _chosen_by_others(
        self, weighed: dict[int, list[tuple[int, float]]]
    ) -> Iterator[tuple[int, int]]:
        taken: set[int] = set()
        for end, candidates in weighed.items():
            wanted = self._choices.get(self._end_offset(end))
            for start, _ in candidates:
                if self._paragraphs[start].offset_of(0) == wanted and start not in taken:
                    taken.add(start)
                    yield end, start

    def _seam(self, end: int, start: int | None, weighed: list[tuple[int, float]]) -> Seam:
        scores = dict(weighed)
        score = 0.0 if start is None else scores[start]
        rivals = [other for number, other in weighed if number != start]
        doubtful = bool(weighed) and (
            (start is None and rivals[0] > 0) or score - max(rivals, default=-9.0) < _SURE_MARGIN
        )
        candidates = tuple(
            Candidate(self._paragraphs[number].offset_of(0), round(other, 2))
            for number, other in weighed[:_MAX_CANDIDATES]
        )
        return Seam(end, start, round(score, 2), doubtful, candidates)

    def _end_offset(self, number: int) -> int:
        return self._paragraphs[number].pieces[-1].end

    def _is_broken(self, number: int) -> bool:
        paragraph = self._paragraphs[number]
        if paragraph.continues:
            return True
        text = paragraph.text
        if len(text) < _MIN_BROKEN or marks.tail_of(text) or marks.credit_of(text):
            return False
        return seams.is_broken(paragraph.text)

    def _candidates(self, position: int) -> Iterator[tuple[int, float]]:
        """Paragraphs below that may go on with a broken one, with their scores."""
        end = self._text[position]
        for place in range(position + 1, min(len(self._text), position + 1 + _WINDOW)):
            start = self._text[place]
            if self._kinds[start] is not Kind.BODY or marks.has_wire(self._paragraphs[start].text):
                continue
            above = self._text[place - 1]
            if self._host[above] != self._host[start] and self._heads[self._host[start]].lines:
                continue  # the first words under a head are its own
            if self._is_picture(start):
                continue
            yield start, self._score(end, start, above)

    def _score(self, end: int, start: int, above: int) -> float:
        paragraphs = self._paragraphs
        score = seams.fit(paragraphs[end].text, paragraphs[start].text)
        if paragraphs[end].continues or paragraphs[start].continued:
            both = paragraphs[end].continues and paragraphs[start].continued
            score += _JUMPED if both else -1
        if self._layout.indents:
            score += -_INDENT if paragraphs[start].indented else _INDENT
        if above == end:
            return score + _ADJACENT
        if above in self._broken:
            score += _AFTER_BROKEN
        elif start - 1 in self._inserted or self._closes(start - 1):
            score += _AFTER_INSERT
        if self._host[end] == self._host[start]:
            return score + _OWN_TEXT_BETWEEN
        run = self._run(start)
        shared = self._cohesion.shared(run, self._up_to(end)) - self._cohesion.shared(
            run, self._up_to(start - 1)
        )
        return score + max(-_MAX_COHESION, min(_MAX_COHESION, shared * _COHESION))

    def _run(self, start: int) -> list[int]:
        """The paragraph and those that follow it in its column."""
        host = self._host[start]
        return [
            n for n in range(start, min(len(self._host), start + _NEAR)) if self._host[n] == host
        ]

    def _up_to(self, number: int) -> list[int]:
        """The last paragraphs of an article up to this one, with its headline."""
        article = self._host[number]
        members = self._members[article]
        end = bisect_right(members, number)
        return [*self._heads[article].lines, *members[max(0, end - _FAR) : end]]

    def _closes(self, number: int) -> bool:
        """Whether an article may end with this paragraph."""
        kind, text = self._kinds[number], self._paragraphs[number].text
        if kind in (Kind.BYLINE, Kind.CREDIT, Kind.SIGNATURE):
            return True
        return kind is Kind.BODY and bool(marks.tail_of(text) or marks.credit_of(text))

    def _is_picture(self, number: int) -> bool:
        """Whether a caption is an article of its own without a headline."""
        head = self._heads[self._host[number]]
        if head.body != number or head.lines or head.is_certain:
            return False
        following = self._kinds[number + 1 : number + 2]
        return following == (Kind.CREDIT,) or bool(marks.credit_of(self._paragraphs[number].text))

    # paragraphs that follow the end of an article

    def _is_stray(self, number: int) -> bool:
        """Whether a paragraph that goes on with no broken one may still belong elsewhere."""
        above = number - 1
        if self._kinds[number] is not Kind.BODY or self._host[above] != self._host[number]:
            return False
        if self._layout.indents and not self._paragraphs[number].indented:
            long = self._paragraphs[number].cells > _MIN_STRAY_CELLS
            return long and self._kinds[above] is Kind.BODY and above not in self._broken
        return above not in self._inserted and self._closes(above)

    def _stray_owner(self, number: int, current: int, owner: dict[int, int]) -> int:
        run = self._run(number)
        shares = {
            article: self._cohesion.shared(
                run,
                [
                    *self._heads[article].lines,
                    *(n for n in self._members[article][-_FAR:] if owner.get(n) == article),
                ],
            )
            for article in range(max(0, current - 2 * _NEAR), current + 1)
        }
        best = max(shares, key=shares.__getitem__)
        margin = _STRAY_COHESION if self._closes(number - 1) else 2 * _STRAY_COHESION
        return best if shares[best] > shares[current] + margin else current

    def _read_in_order(self, owner: dict[int, int], goes_on: dict[int, int]) -> list[list[int]]:
        """The paragraphs of each article; what goes on with a broken one follows it at once."""
        articles: list[list[int]] = [[] for _ in self._heads]
        later: dict[int, list[int]] = {}
        runs: list[list[int]] = []
        previous = -1
        ends = set(goes_on.values())
        for number in self._text:
            starts_run = (
                not runs
                or previous in ends
                or owner[number] != owner[previous]
                or self._host[number] != self._host[previous]
                or number in goes_on
            )
            if starts_run:
                runs.append([])
                if number in goes_on:
                    later[goes_on[number]] = runs[-1]
            runs[-1].append(number)
            previous = number
        joined = {id(run) for run in later.values()}
        for run in runs:
            if id(run) in joined:
                continue
            article = articles[owner[run[0]]]
            while run:
                article += run
                run = later.get(run[-1], [])
        return articles
