"""The words and signs by which a newspaper shows what a line is."""

import re
from dataclasses import dataclass

from retrieval.types import Span

_HAN = r"\u3400-\u9fff"
_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖萧蕭"
    "田董袁潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾谭譚陆陸汪范范金石廖贾賈夏韦韋付傅方白邹鄒孟熊秦邱"
    "江尹薛闫闫段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯常温溫康施文牛樊葛邢安齐齊易乔喬伍"
    "庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗"
    "谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈饶饒解牟艾尤阳陽时時穆农農司卓古吉缪繆简簡车車项項连連"
    "芦蘆麦麥褚娄婁窦竇戚岑景党宫宮费費卜冷晏席卫衛米柏宗瞿桂佟应應臧闵閔苟邬鄔边邊卞姬师師和仇栾欒隋商刁沙荣"
    "榮巫寇桑郎甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺官封谈談匡鞠惠荆荊乐樂冀郁胥南班储儲原栗燕楚鄢劳勞谌諶奚皮"
    "粟冼蔺藺楼樓盘盤闻聞厉厲伊仝郜海阚闞权權帅帥屠豆朴盖蓋練禹井祖漆巴丰豐支卿狄"
    "索宣晋晉门門云雲容敬扈晁芮都普阙闕浦戈伏鹿薄邸雍辜羊阿乌烏母裘亓修邰赫杭况況那宿鲜鮮印逯隆茹诺諾战"
    "戰慕危玉银銀亢嵇公哈湛宾賓戎勾茅干冶束檀衣阴陰昝衡富尧堯闭閉"
)
_COMPOUND_SURNAMES = (
    "欧阳",
    "歐陽",
    "上官",
    "司马",
    "司馬",
    "诸葛",
    "諸葛",
    "皇甫",
    "令狐",
    "慕容",
)

_ROLE = (
    r"(?:记者|記者|通讯员|通訊員|实习生|實習生|评论员|評論員|特派员|特派員|撰稿人?|撰文|作者|编译|編譯|采写|採寫|"
    r"摄影报道|攝影報道|摄影|攝影|供稿|供图|供圖|整理|报道|報道|文图|图文|圖文|文并摄|文|图|圖|摄|攝)"
)
_PRESS = rf"(?:[{_HAN}A-Za-z—\-]{{0,12}}?(?:报|報|社|网|網|台|臺|端|刊|媒体|媒體|中心|频道))"
_RANK = (
    r"(?:首席|特约|特約|特派|特邀|见习|見習|实习|實習|全媒体|全媒體|融媒体|融媒|高级|资深|摄影|攝影|"
    rf"驻[{_HAN}]{{1,5}})"
)
_NAME = rf"[{_HAN}]{{2,4}}|[{_HAN}]{{1,8}}(?:·[{_HAN}]{{1,8}})+"
_WORKER = re.compile(
    rf"(?P<press>{_PRESS})?(?P<rank>{_RANK}*)(?P<role>{_ROLE})[:：]?(?P<name>{_NAME})?"
)
_NAMED_WORKER = re.compile(
    rf"(?P<name>{_NAME})(?:摄影报道|攝影報道|文图|摄影|摄|攝|文|图|报道|整理)"
)
_NAME_TOKEN = re.compile(
    rf"[{_HAN}]{{1,4}}|[{_HAN}]{{1,8}}(?:·[{_HAN}]{{1,8}})+|[A-Z][a-zA-Z.·\-]*"
)
_PUBLISHED_BY = re.compile(rf"(?:据)?{_PRESS}(?:发|發|综合|綜合|(?:综合)?(?:报道|報道|消息))?")
_SEPARATORS = re.compile(r"[\s、，,/|｜&＋+;；]+")
_LEADING_MARK = re.compile(r"[□■◎●○◆◇△▲▷▶☆★※]\s*")
_SENTENCE = re.compile(r"[。！？!?…]")
_PHOTO = re.compile(r"(?:摄|攝|摄影|攝影|供图|供圖|摄影报道|攝影報道|文并摄)$")
_MAX_BYLINE = 80
_MAX_PLACE = 8
_MAX_OFFICE = 16

_PLACE_AND_DAY = rf"(?:[{_HAN}]{{2,10}}?)?(?:\d{{4}}年)?(?:\d{{1,2}}月)?(?:\d{{1,2}}日)?"
_AGENCY = r"(?:新华社|新華社|中新社|中新网|新华网|新華網|人民网|央视网)"
_SOURCE = rf"(?:本[报報刊网網社台]|(?:据)?(?:{_AGENCY}|{_PRESS}))"
_WIRE = (
    rf"{_SOURCE}{_PLACE_AND_DAY}(?:综合)?"
    r"(?:讯|訊|专电|专讯|[电電](?=[\s（(:：])|消息(?=[\s，,（(])|[报報]道(?=[\s（(]))"
)
_LEAD = re.compile(rf"(?P<wire>{_WIRE})?\s*[（(]\s*(?P<who>[^（）()\n]{{3,80}}?)\s*[）)]\s*")
_OPEN_LEAD = re.compile(
    rf"(?P<who>{_WIRE}[\s　]+[^\n。，,：:（(]{{2,40}}?(?:报道|報道))\s*[：:]\s*"
)
_BARE_LEAD = re.compile(rf"{_WIRE}|【{_PRESS}[^】]{{0,20}}】")
_TAIL = re.compile(r"[（(]\s*(?P<who>[^（）()\n。]{2,60}?)\s*[）)]\s*$")
_CREDIT = re.compile(
    r"(?:^|(?<=[。！？!?”」）)…])|(?<=\s))"
    rf"(?P<credit>(?:{_PRESS}{_RANK}*{_ROLE}|{_RANK}*记者|{_PRESS}发|通讯员)?"
    rf"[\s（(]*(?:{_NAME})(?:[\s、]+(?:{_NAME}))*[\s/]*"
    r"(?:摄影报道|攝影報道|摄影|攝影|摄|攝|供图|供圖)[）)]?)$"
)
_ISSUED_CREDIT = re.compile(
    rf"(?:{_PRESS}|新华社|新華社)[发發]\s*[（(][^（）()\n]{{2,40}}(?:摄|攝)[）)]|[{_HAN}]{{2,12}}供[图圖]|资料[图圖]片?"
)
_BRACKETED_CREDIT = re.compile(
    r"[（(](?P<credit>[^（）()\n。]{2,40}(?:摄|攝|供图|供圖|图片))[）)]\s*$"
)
_CAPTION = re.compile(
    r"^(?:[▲▼△▽◀▶←→↑↓]|[（(]?[上下左右][图圖]|[图圖](?:为|為|片?[①-⑨一二三四五六七八九\d]))"
)
_NO_NAME = re.compile(r"完$|续$|續$|略|节选|删节|附图|见图|下图|上图|左图|右图|资料|化名|笔名|音译")

_BOX = re.compile(
    r"(?:阅读提示|閱讀提示|核心提示|内容提要|內容提要|提要|编者按|編者按|编者的话|編者的話|编后|編後|编后语|编余|开栏语|开栏的话|"
    r"相关链接|相關連結|相關鏈接|新闻链接|新聞鏈接|知识链接|法条链接|背景链接|链接|鏈接|相关新闻|相關新聞|延伸阅读|延伸閱讀|新闻背景|新聞背景|"
    r"背景资料|背景|名词解释|名詞解釋|小贴士|小貼士|温馨提示|特别提示|提示|新闻回放|案情回放|事件回放|记者手记|記者手記|采访手记|"
    r"短评|短評|微评|快评|点评|新闻速读|新闻速览|导读|導讀|数读|数据|要点|知识点|微观点)"
)
_BOX_LINE = re.compile(rf"[【\[〔■◆●▶▲]*\s*(?P<label>{_BOX.pattern})\s*[】\]〕]*\s*[:：]?")
_BOX_START = re.compile(
    rf"(?:[【\[〔]\s*{_BOX.pattern}\s*[】\]〕]|[■◆●▶▲]?\s*{_BOX.pattern}\s*[:：])"
)
_LETTER_LABEL = re.compile(
    r"(?:读者|讀者|专家|專家|律师|律師|编辑|編輯|法官|记者|網友|网友|网民|医生|医师|老师|心理[师医]?|咨询师|咨詢師|部门|本报|本報)?"
    r"(?:来信|來信|来问|來問|来函|提问|提問|咨询|求助|问|問|心解|解答|解惑|答复|答覆|回复|回覆|回音|回信|复信|答|说法|"
    r"释法|释疑|支招|点评|建议|分析|解析|同志)[:：]?"
)
_SALUTATION = re.compile(r"^[^，。！？]{0,12}(?:您好|你好|编辑同志|編輯同志|编辑部)|同志[:：]$")
_COLUMN = re.compile(
    rf"(?P<mark>[A-Z](?=\s)|[■◆●▲▼★☆◎○□◇▶►▷△※§◢◣])\s*(?P<name>[{_HAN}A-Za-z0-9·\- ]{{2,14}})"
)
_BRACKETED_COLUMN = re.compile(
    r"(?P<open>[【〔「『\[])(?P<name>[^】〕」』\]]{2,14})(?P<close>[】〕」』\]])"
)

_SECTION = re.compile(
    r"(?:简讯|簡訊|短讯|短訊|快讯|快訊|要闻|要聞|图片新闻|圖片新聞|简明新闻|一句话新闻|新闻速递|新闻集装箱|消息树)"
)
_PAPER = re.compile(rf"[{_HAN}]{{1,8}}(?:报|報|周刊|週刊|周末|週末)")

_JUMP_TARGET = r"(?:第?\s*[A-Z]?\d{1,3}\s*版?|第?\s*[一二三四五六七八九十]{1,3}\s*版)"
_JUMP_TO = re.compile(
    rf"[（(【\[]?\s*[▶►>》▼]*\s*(?:下转|下轉|转|紧转)\s*{_JUMP_TARGET}[^（）()\n。]{{0,16}}[）)】\]]?\s*$"
)
_JUMP_FROM = re.compile(
    rf"[（(【\[]?\s*[▶►>》▲]*\s*(?:上接|紧接|緊接)\s*{_JUMP_TARGET}[^（）()\n。]{{0,24}}[）)】\]]?\s*"
)

_DATE = re.compile(r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|\d{4}[-./]\d{1,2}[-./]\d{1,2}")
_PAGE = re.compile(
    r"第\s*[A-Z]?\s*\d{1,3}\s*版|第[一二三四五六七八九十]{1,3}版|[A-Z]?\d{1,3}\s*版|\b[A-Z]\d{1,2}\b"
)
_STAFF_NAMES = rf"(?:(?:[{_HAN}]{{2,3}}|[{_HAN}]\s[{_HAN}])(?![{_HAN}:：])[\s、]*)+"
_STAFF = re.compile(
    r"(?:(?:本版)?(?:责编|責編|责任编辑|責任編輯|美编|美編)\s*[:：/丨|｜]?\s*"
    r"|(?:本版)?(?:编辑|編輯|主编|值班\S{1,4}|校对|校對|版式|组版|排版|设计|設計|审校|视觉|制图)"
    rf"(?:\s*[:：/丨|｜]\s*|\s+)){_STAFF_NAMES}"
)
_PAGE_NAME = rf"[{_HAN}]{{2,6}}"
_NUMBER = r"(?:第?\s*[A-Z]?\s*\d{1,3}\s*版|第[一二三四五六七八九十]{1,3}版|[A-D]\d{2})"
_NAMED_PAGE = re.compile(rf"{_NUMBER}[\s:：·|｜/]*{_PAGE_NAME}|{_PAGE_NAME}[\s:：·|｜/]*{_NUMBER}")
_FOLIO_KINDS = (
    _DATE,
    re.compile(r"星期[一二三四五六日天]|周[一二三四五六日]|(?:农历|農曆|夏历)\S{2,12}"),
    _PAGE,
    _STAFF,
    re.compile(
        r"(?:E-?mail|电子信箱|邮箱|电话|電話|热线|新闻热线|网址)\s*[:：]?\s*[\w.@:/\-（）()]+", re.I
    ),
    re.compile(
        r"总第\s*\d+\s*期|第\s*\d+\s*期|国内统一\S*刊号\S*|CN\s?\d\S*|邮发代号\S*|今日\S{1,4}版"
    ),
)
_MAX_FOLIO = 120
_MAX_FOLIO_REST = 14


@dataclass(frozen=True, slots=True)
class Who:
    """A byline that begins or ends a paragraph.

    `whole` is cut out of the text; what of it is in none of `parts` is brackets.
    """

    whole: Span
    parts: tuple[Span, ...]


def has_surname(name: str) -> bool:
    """Whether a word may be a Chinese person's name."""
    return 2 <= len(name) <= 4 and (name[0] in _SURNAMES or name.startswith(_COMPOUND_SURNAMES))


def is_byline(line: str) -> bool:
    """Whether a line says who wrote or photographed, and nothing else."""
    if len(line) > _MAX_BYLINE or _SENTENCE.search(line):
        return False
    opening = _OPEN_LEAD.match(line)
    if opening and opening.end() < len(line):
        return False
    mark = _LEADING_MARK.match(line)
    line = line[mark.end() :] if mark else line
    if line[:1] in "（(" and line[-1:] in "）)":
        line = line[1:-1]
    tokens = [token for token in _SEPARATORS.split(line) if token]
    if not tokens or len(tokens) > 20:
        return False
    names, roles, press = 0, 0, bool(mark)
    surnames = 0
    for token in tokens:
        worker = _WORKER.fullmatch(token) or _NAMED_WORKER.fullmatch(token)
        if worker:
            groups = worker.groupdict()
            name = groups["name"]
            press = press or bool(groups.get("press") or groups.get("rank"))
            if name and not (has_surname(name) or "·" in name or "：" in token or ":" in token):
                return False
            roles += 1
            names += bool(name)
            surnames += bool(name)
        elif _NAME_TOKEN.fullmatch(token) or _are_glued_names(token):
            names += 1
            surnames += has_surname(token) or (len(token) == 1 and token in _SURNAMES)
        elif _PUBLISHED_BY.fullmatch(token) and len(token) <= 10:
            press = True
        else:
            return False
    if mark and not roles:
        return 0 < names == surnames
    return bool(roles) and names > 0 and (press or surnames * 2 >= names)


def are_names(line: str) -> bool:
    """Whether a line may be nothing but the names of people."""
    tokens = [token for token in _SEPARATORS.split(line) if token]
    if len(tokens) in (2, 3) and all(len(token) == 1 for token in tokens):
        tokens = ["".join(tokens)]
    return 0 < len(tokens) <= 4 and all(has_surname(token) and len(token) <= 3 for token in tokens)


def lead_of(paragraph: str) -> Who | None:
    """The byline that begins a paragraph, as in 本报讯(记者…) or 新华社北京3月5日电（记者…）."""
    opening = _OPEN_LEAD.match(paragraph)
    if opening and is_byline(_BARE_LEAD.sub("", opening["who"], count=1).strip()):
        return Who(Span(*opening.span()), (Span(*opening.span("who")),))
    match = _LEAD.match(paragraph)
    if match is None or not (is_byline(match["who"]) or (match["wire"] and _names(match["who"]))):
        return None
    groups = ("wire", "who") if match["wire"] else ("who",)
    return Who(Span(*match.span()), tuple(Span(*match.span(group)) for group in groups))


def has_wire(paragraph: str) -> bool:
    """Whether a paragraph begins as the first of a report does."""
    return lead_of(paragraph) is not None or _BARE_LEAD.match(paragraph) is not None


def tail_of(paragraph: str) -> Who | None:
    """The byline in brackets that ends a paragraph."""
    match = _TAIL.search(paragraph, max(0, len(paragraph) - _MAX_BYLINE))
    if match is None or match.start() == 0:
        return None
    who = match["who"]
    ended = paragraph[: match.start()].rstrip()[-1:] in "。！？!?…”’」』"
    if is_byline(who) or (ended and _names(who) and not _NO_NAME.search(who)):
        return Who(Span(*match.span()), (Span(*match.span("who")),))
    return None


def credit_of(paragraph: str) -> Who | None:
    """The photographer named at the end of a paragraph."""
    start = max(0, len(paragraph) - _MAX_BYLINE)
    match = _CREDIT.search(paragraph, start) or _BRACKETED_CREDIT.search(paragraph, start)
    if match is None:
        return None
    return Who(Span(*match.span()), (Span(*match.span("credit")),))


def is_credit(line: str) -> bool:
    """Whether a line names a photographer and nothing else."""
    if _ISSUED_CREDIT.fullmatch(line):
        return True
    return bool(_PHOTO.search(line.rstrip("）) "))) and is_byline(line)


def is_caption(paragraph: str) -> bool:
    """Whether a paragraph begins as the words under a picture do."""
    return _CAPTION.match(paragraph) is not None


def is_box_label(line: str) -> bool:
    """Whether a line is the heading of a box, such as 阅读提示."""
    return _BOX_LINE.fullmatch(line) is not None


def begins_box(paragraph: str) -> bool:
    """Whether a paragraph is a box with its heading in it."""
    return _BOX_START.match(paragraph) is not None


def is_letter_label(line: str) -> bool:
    """Whether a line heads a letter or its answer, such as 读者来问."""
    return len(line) <= 8 and _LETTER_LABEL.fullmatch(line) is not None


def is_letter(paragraph: str) -> bool:
    """Whether a paragraph addresses somebody."""
    return _SALUTATION.search(paragraph[:20]) is not None


def column_of(line: str) -> Span | None:
    """Where in a line the name of a section stands, after a mark or in brackets."""
    match = _COLUMN.fullmatch(line) or _BRACKETED_COLUMN.fullmatch(line)
    if match is None:
        return Span(0, len(line)) if is_section(line) else None
    return Span(*match.span("name"))


def is_section(line: str) -> bool:
    """Whether a line is the name of a section that needs no mark, such as 简讯."""
    return _SECTION.fullmatch(line) is not None


def jump_to(line: str) -> Span | None:
    """The 下转第3版 that ends a line."""
    match = _JUMP_TO.search(line, max(0, len(line) - 40))
    return Span(*match.span()) if match else None


def jump_from(line: str) -> Span | None:
    """The 上接第1版 that begins a line."""
    match = _JUMP_FROM.match(line)
    return Span(*match.span()) if match else None


def is_folio(line: str, *, on_top: bool) -> bool:
    """Whether a line is a page's head or foot: date, number, editors, telephone.

    `on_top` of a page the name of the paper, a date, or a number, be it with the page's name,
    will do.
    """
    if len(line) > _MAX_FOLIO or _SENTENCE.search(line):
        return False
    if on_top and _NAMED_PAGE.fullmatch(line):
        return True
    rest = line
    kinds: list[re.Pattern[str]] = []
    for kind in _FOLIO_KINDS:
        rest, count = kind.subn(" ", rest)
        if count:
            kinds.append(kind)
    rest = "".join(character for character in rest if character.isalnum())
    if on_top and (_PAPER.fullmatch(rest) or (kinds and not rest)):
        return True
    if len(kinds) >= 2 and kinds != list(_FOLIO_KINDS[:2]):
        return len(rest) <= _MAX_FOLIO_REST
    return not rest and kinds in ([_PAGE], [_STAFF])


def folio_date(line: str) -> str:
    """The day a page's head line gives, as printed, or ""."""
    match = _DATE.search(line)
    return match[0] if match else ""


def folio_page(line: str) -> str:
    """The page number a page's head line gives, as printed, or ""."""
    match = _PAGE.search(_DATE.sub(" ", line))
    return match[0] if match else ""


def is_signature(line: str, *, in_letter: bool) -> bool:
    """Whether a line is the name that ends a letter or an article, with a place or without."""
    tokens = [token for token in _SEPARATORS.split(line.strip("（）() ")) if token]
    if not 1 <= len(tokens) <= 3 or not all(re.fullmatch(f"[{_HAN}·]+", word) for word in tokens):
        return False
    if all(len(token) == 1 for token in tokens):
        tokens = ["".join(tokens)]
    *places, name = tokens
    longest = _MAX_OFFICE if in_letter else _MAX_PLACE
    if any(not 2 <= len(place) <= longest for place in places):
        return False
    return (has_surname(name) and len(name) <= 3) or (in_letter and len(name) in (2, 3))


def _names(who: str) -> bool:
    tokens = [token for token in _SEPARATORS.split(who) if token]
    if tokens and all(len(token) == 1 for token in tokens):
        return len(tokens) in (2, 3)
    return 0 < len(tokens) <= 4 and all(
        re.fullmatch(f"[{_HAN}]{{2,4}}", token) or _are_glued_names(token) for token in tokens
    )


def _are_glued_names(token: str) -> bool:
    """Whether two names stand without a space between, as where a line was wrapped there."""
    return any(
        has_surname(token[:cut]) and has_surname(token[cut:]) and len(token) - cut <= 3
        for cut in (2, 3)
    )
