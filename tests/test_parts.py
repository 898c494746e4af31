"""Questions that ask several things at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.parts import MAX_PARTS, parts


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "柳溪村2021年和2022年各收了多少苹果?",
            ["柳溪村2021年各收了多少苹果?", "柳溪村2022年各收了多少苹果?"],
        ),
        ("2021和2022年的冠军", ["2021年的冠军", "2022年的冠军"]),
        ("上海和北京的气温是多少", ["上海的气温是多少", "北京的气温是多少"]),
        ("《老桥》的导演和编剧是谁?", ["《老桥》的导演是谁?", "《老桥》的编剧是谁?"]),
        ("《老桥》和《新桥》的作者", ["《老桥》的作者", "《新桥》的作者"]),
        ("《老桥》是什么电影?它的导演是谁?", ["《老桥》是什么电影", "《老桥》导演是谁"]),
        ("運動會的時間和地點", ["運動會的時間", "運動會的地點"]),
        ("ChatGPT和Gemini的發布時間", ["ChatGPT的發布時間", "Gemini的發布時間"]),
        ("谁写的? 写了什么?", ["谁写的", "写了什么"]),
    ],
)
def test_each_part_is_a_question(question: str, expected: list[str]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "石桥长多少米?",
        "上海和哪个城市结对?",
        "中国与法国签了什么协定?",
        "《中国和法国的协定》签于何年?",
        "老桥修好了。花了多少钱?",
        "和平公园在哪里?",
        "",
    ],
)
def test_one_question_has_no_parts(question: str) -> None:
    assert parts(question) == []


@given(st.text(alphabet="和与、及《》“”年月的是谁哪2021 ?？。柳溪村北京上海abc", max_size=60))
def test_any_text_gives_few_parts_of_its_own_characters(text: str) -> None:
    found = parts(text)
    assert len(found) <= MAX_PARTS
    assert len(found) != 1
    assert all(set(part) <= set(text) for part in found)
