"""Reports carried twice are told from reports that only share words."""

import random

import pytest

from retrieval.ranking.duplicates import repeats, without_duplicates

REPORT = (
    "河湾镇的灯会昨晚在柳溪河边开场。今年的灯会有两个园子,一共挂出800盏花灯,比往年多了一倍。"
    "做灯的匠人来自雾岭,他们从去年秋天开始扎骨架、糊灯纸。镇上的孩子们也画了一批小灯笼,挂在老桥两侧。"
    "灯会要办半个月,每晚七点亮灯。"
)
OTHER = (
    "青石渡口的新渡船上周试航,船身用的是本地杉木。老船工说,新船吃水浅,枯水季节也能靠岸。"
    "渡口两边的村民等这条船等了三年,试航那天岸上站满了人。"
)
BOILERPLATE = "如果您有新闻线索,欢迎拨打本报热线,也可以到镇上的读者之家当面告诉我们的值班编辑。"
LEADS = [
    "本报河湾3月5日电 (记者 沈亦舟)",
    "新华社青石3月6日电(记者周远山、陆小满)",
    "本报讯 记者叶知秋 ",
    "(本报记者 沈亦舟)",
    "河湾3月5日电 ",
]


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("other", ["", *LEADS])
def test_a_report_under_another_lead_line_is_the_same(lead: str, other: str) -> None:
    assert repeats(lead + REPORT, other + REPORT)
    assert repeats(other + REPORT, lead + REPORT)


def test_a_sentence_with_other_particles_or_more_at_its_end_is_the_same() -> None:
    sentence = "柳溪村的石桥上个月已经全部修好,村民们天天从桥上走到对岸去赶集。"
    assert repeats(sentence, sentence.replace("柳溪村的", "柳溪村"))
    assert repeats(sentence, f"分享至好友和朋友圈 {sentence}")
    assert repeats(f"{sentence[:-1]},十分方便。", sentence)


@pytest.mark.parametrize("text", [REPORT, OTHER, BOILERPLATE, "短句。", "a", ""])
def test_every_text_repeats_itself(text: str) -> None:
    assert repeats(text, text)
    assert repeats(text, f" {text}\n")


def test_spelling_and_punctuation_do_not_matter() -> None:
    traditional = (
        "河灣鎮的燈會昨晚在柳溪河邊開場！今年的燈會有兩個園子，一共掛出８００盞花燈，比往年"
    )
    assert repeats(traditional, REPORT[:42])


@pytest.mark.parametrize(
    ("figure", "changed"),
    [("800盏", "850盏"), ("两个园子", "三个园子"), ("每晚七点", "每晚八点"), ("800盏", "800万盏")],
)
def test_reports_that_differ_in_a_figure_are_two(figure: str, changed: str) -> None:
    other = REPORT.replace(figure, changed)
    assert other != REPORT
    assert not repeats(REPORT, other)
    assert not repeats(other, REPORT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("看看数字,在希腊雅典举办的那届运动会曾经有11座城市争办。", ("雅典", "巴黎")),
        (
            "柳溪队以一比零战胜渡口队,队史上第六次获得联赛冠军,看台上一片欢呼。",
            ("柳溪队", "雾岭队"),
        ),
        (
            "阿布贾是这个国家的首都与第八大人口城市,也是那里的文化和行政中心。",
            ("阿布贾", "阿尔及尔"),
        ),
        ("柳溪村的石桥上个月已经全部修好,村民们天天从桥上走到对岸去赶集。", ("已经", "尚未")),
        (REPORT + "灯会由河湾镇的老人李建国开灯。", ("李建国", "王建军")),
    ],
)
def test_reports_that_differ_in_a_word_that_counts_are_two(
    one: str, other: tuple[str, str]
) -> None:
    changed = one.replace(*other)
    assert changed != one
    assert not repeats(one, changed)
    assert not repeats(changed, one)


@pytest.mark.parametrize("first", ["3人触电受伤,都送到了镇医院。", "5人触电受伤,都送到了镇医院。"])
def test_a_figure_before_the_sign_of_a_lead_line_counts(first: str) -> None:
    assert repeats(first, "3人触电受伤,都送到了镇医院。") == first.startswith("3")


@pytest.mark.parametrize(("one", "other"), [(REPORT, OTHER), (OTHER, REPORT)])
def test_different_reports_stay_two_though_they_share_a_paragraph(one: str, other: str) -> None:
    assert not repeats(one, other)
    assert not repeats(one + BOILERPLATE, other + BOILERPLATE)
    assert not repeats(BOILERPLATE, one + BOILERPLATE)


@pytest.mark.parametrize("seed", range(20))
def test_a_few_changed_characters_leave_it_a_copy_and_many_do_not(seed: int) -> None:
    chance = random.Random(seed)
    text = REPORT + OTHER
    assert repeats(_changed(text, 3, chance), text)
    assert not repeats(_changed(text, 40, chance), text)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_the_first_of_each_stays(seed: int) -> None:
    chance = random.Random(seed)
    texts = [lead + body for lead in ("", *LEADS) for body in (REPORT, OTHER)] + [BOILERPLATE]
    chance.shuffle(texts)
    kept = without_duplicates(texts, lambda text: text)
    assert kept == [
        text
        for at, text in enumerate(texts)
        if not any(repeats(text, before) for before in texts[:at])
    ]
    assert len(kept) == 3
    assert kept[0] == texts[0]
    assert without_duplicates(kept, lambda text: text) == kept


def _changed(text: str, count: int, chance: random.Random) -> str:
    """The text with so many characters replaced by 的, of those in no figure and no name."""
    kept = "0123456789一两半三七八,。盏个月年点晚每等河湾镇柳溪雾岭青石"
    places = [at for at, character in enumerate(text) if character not in kept]
    characters = list(text)
    for at in chance.sample(places, count):
        characters[at] = "的"
    return "".join(characters)
