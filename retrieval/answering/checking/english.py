"""English words that their Chinese passage must have in one of few ways: offices, times, turns."""

import re

_SAID_AS = (
    (r"interior (?:minister|ministry)", "内政|内务"),
    (r"defen[cs]e (?:minister|ministry)", "国防|防务|防长|防卫|防相"),
    (r"foreign (?:minister|ministry|secretary)", "外交|外长|外相|外务"),
    (r"(?:finance minister|finance ministry|treasury)", "财政|财务|财长"),
    (r"prime minister", "总理|首相"),
    (r"president", "总统|主席|总裁|会长|校长|社长|院长|董事长"),
    (r"mayor", "市长|区长|镇长"),
    (r"(?:deputy|vice)", "副|代理"),
    (r"(?:mondays?)", "周一|星期一"),
    (r"(?:tuesdays?)", "周二|星期二"),
    (r"(?:wednesdays?)", "周三|星期三"),
    (r"(?:thursdays?)", "周四|星期四"),
    (r"(?:fridays?)", "周五|星期五"),
    (r"(?:saturdays?)", "周六|星期六|周末"),
    (r"(?:sundays?)", "周日|星期日|星期天|周末"),
    (r"(?:mornings?)", "早|晨|上午|[6-9]点|1[01]点"),
    (r"(?:afternoons?)", "下午|午后|1[2-7]点"),
    (r"(?:evenings?)", "傍晚|晚|夜|1[7-9]点|2[0-3]点"),
    (r"north(?:ern)?", "北"),
    (r"south(?:ern)?", "南"),
    (r"east(?:ern)?", "东"),
    (r"west(?:ern)?", "西"),
    (r"northeast(?:ern)?", "东北"),
    (r"northwest(?:ern)?", "西北"),
    (r"southeast(?:ern)?", "东南"),
    (r"southwest(?:ern)?", "西南"),
    (r"(?:second|2nd)[ -](?:largest|biggest|highest|most)", "第2|第二"),
    (r"third[ -](?:largest|biggest|highest|most)", "第3|第三"),
    (r"(?:increas|grew|growth|ris(?:e|es|ing|en)\b|rose)\w*", "增|升|涨|长|提高|多|扩|高|大"),
    (r"(?:decreas|declin|fell\b|dropp|reduc|shr[aiu]nk)\w*", "降|减|跌|少|下滑|低|落|缩"),
    (r"oppos(?:e|ed|es|ing)", "反对|不同意|抵制"),
    (r"resign(?:ed|s|ation)?", "辞|卸任|下台"),
    (r"(?:arrest|detain)(?:ed|s)?", "逮捕|拘|抓|落网|被捕"),
    (r"(?:cancel(?:l?ed|s)?|scrapp?(?:ed|s))", "取消|撤|停|作废"),
    (r"(?:reject|refus)(?:ed|es|s)?", "拒|否|驳回|不同意"),
    (r"(?:fail(?:ed|s|ure)?|lost|loses)", "败|未能|没能|失|输|亏|丢"),
    (r"(?:banned|bans|forb[ai]d\w*|prohibit\w*)", "禁|不得|不准|不许"),
    (r"(?:died|dies|killed|dead|deaths?)", "死|亡|遇难|身故|去世|逝|丧生|牺牲|遇害|杀|毙"),
    (r"(?:injured|wounded|injur(?:y|ies))", "伤"),
    (r"(?:fired|sacked|dismiss(?:ed|es))", "开除|解雇|免职|辞退|解聘|罢免"),
    (r"(?:collaps(?:ed|es))", "塌|垮|崩"),
    (r"(?:brib\w*|corrupt\w*|embezzl\w*)", "贿|贪|腐"),
    (r"(?:closed|closes|closing|shut down)", "关|停|闭|撤|结束|收"),
    (r"(?:secretary)", "书记|秘书|部长|大臣"),
    (r"(?:unpaid|free of charge|for free)", "免费|无偿|免|公益|不收"),
)
_WORDS = tuple((re.compile(rf"\b(?:{said})\b"), re.compile(held)) for said, held in _SAID_AS)


def unsaid(claim: str, passage: str) -> str:
    """The first such word of a folded English claim that a canonical passage lacks, or ""."""
    for said, held in _WORDS:
        match = said.search(claim)
        if match and not held.search(passage):
            return match[0]
    return ""


_DEPUTY = re.compile(
    "副(?:书记|部长|市长|县长|镇长|主任|经理|总裁|主席|省长|局长|厂长|校长|院长|会长|总理|总统)"
)
_OFFICE = re.compile(
    r"\b(?:secretary|minister|mayor|director|manager|president|chair(?:man|woman)?|governor|head|chief)\b"
)
_RANK = re.compile(r"\b(?:deputy|vice|assistant)\b")


def drops_deputy(claim: str, quoted: str) -> bool:
    """Whether a folded English claim calls somebody secretary whom the words call 副书记."""
    return bool(_DEPUTY.search(quoted) and _OFFICE.search(claim) and not _RANK.search(claim))
