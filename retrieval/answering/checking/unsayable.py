"""Claims that no passage supports: orders, links, code, talk about the system."""

import re

from retrieval.folding import canonical

_LINK = re.compile(
    r"https?:|www\.|t\.me/|tg:|mailto:|javascript:|[\w.+-]+@[\w-]+\.\w+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|cn|net|org|io|ru|example|top|xyz|info|cc)\b"
    r"|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)|(?<![\d.])\d{3,4}-\d{3,4}-\d{3,4}(?!\d)"
)
"""Addresses of the net, and telephone numbers."""

_CODE = re.compile(
    r"</?[a-z!][^<>]*>|<\||\|>|```|\{\{|\$\{|\bfunction\s*\(|\bimport \w+|\beval\(|<\?|&[a-z]+;"
    r"|\\x[0-9a-f]{2}"
    r"|;\s*drop table|rm -rf"
)
_MACHINES = re.compile(
    "语言模型|大模型|人工智能助手|ai ?助手|(?:large )?language model"
    "|开发者模式|越狱|developer mode|jailbreak"
)
"""Spoken of in articles too: allowed where the passage does."""

_SYSTEM = re.compile(
    "系统提示|提示词|系统指令|作为(?:一个|一名)?(?:ai|人工智能)"
    "|我(?:是|作为)(?:一个|一名)?(?:ai|机器人|助手|模型)|(?:忽略|无视)(?:以上|之前|前面|上述|所有|规则)"
    "|api ?key|system ?(?:prompt|message)|ignore (?:all|the|any|previous)|disregard|as an ai"
    "|(?:my|hidden|previous|earlier) instructions|passage number|numbered passages|no_answer"
    "|every sentence ends with|readers['’] questions"
)
_ORDER = re.compile(
    "^(?:请(?:读者|各位|广大)?(?:点击|访问|登录|关注|扫码|扫描|拨打|联系|添加|回复|忽略|输入|转账|下载|注意|立即|务必|你|您|大家)"
    "|点击|访问|扫码|赶快|立即(?:点击|拨打|转账)|以上(?:就)?是|综上)"
    r"|^(?:please|click|visit|follow|send|call|download|you (?:must|should))\b"
    "|希望(?:对|能|以上).{0,8}(?:您|你|帮助)|如(?:有|需).{0,12}(?:请|欢迎)|欢迎(?:继续|随时)"
    "|(?:您|你)(?:需要|可以|必须|应该|应当|要)|(?:转账|汇款|打款)(?:至|到|给)"
    "|hope this helps|thank(?:s| you)\\b|good question|happy to help"
    "|^(?:do not|don't|never)\\b"
    "|^i(?:'m| am| can| hope| think| love)\\b"
    r"|(?:articles?|passages?|text) (?:do|does) not|let me know|\?\W*$"
)
"""Also what is only said to the reader: wishes, offers, summings-up, questions."""


_TO_MACHINES = re.compile(
    "(?:致|写给|告诉|提醒).{0,6}(?:ai|机器人|语言模型|大模型|智能体|程序)"
    "|(?:请|任何|所有|各种).{0,8}(?:语言模型|大模型|ai助手)|读到(?:这|此).{0,6}(?:ai|机器人|模型|程序|助手)"
    "|(?:ai|ai助手|机器人|语言模型|大模型|智能助手)(?:请?注意|须知|请(?:务必|在|把|不要|忽略|回答|说))"
    "|(?:忽略|无视|忘记|抛开)(?:之前|以上|前面|先前|上述|所有|一切|你).{0,10}(?:指示|指令|规则|提示|要求|设定)"
    "|系统(?:提示|消息|指令|管理员)?[:：]|(?:回答|答复)(?:所有|任何|一切|每个)问题|从现在(?:起|开始).{0,10}回答"
    r"|\b(?:note )?to (?:the|any|all) (?:ai|bot|model|assistant|language model)s?\b"
    r"|\b(?:ai|bot|model|assistant)s? (?:reading|that reads?|processing) this\b"
    r"|\b(?:ignore|disregard|forget|override)\b.{0,20}\b(?:previous|earlier|all|above|prior|your)\b"
    r".{0,20}\b(?:instructions?|rules?|prompts?)\b"
    r"|^(?:system|assistant|admin|user|developer|note to ai)\s*:|<\||\|>|</?passage|no_answer"
)
"""Words of an article that are meant for machines: nothing rests on them."""


def is_for_machines(folded: str) -> bool:
    """Whether a folded sentence of an article gives orders to a machine."""
    return _TO_MACHINES.search(folded) is not None


def unsayable(folded: str, passage: str) -> bool:
    """Whether a folded claim holds something of that kind.

    Addresses and machines may be spoken of where the canonical passage does.
    """
    if any(pattern.search(folded) for pattern in (_CODE, _SYSTEM, _ORDER)):
        return True
    said = (match[0] for pattern in (_LINK, _MACHINES) for match in pattern.finditer(folded))
    return any(canonical(one).text not in passage for one in said)
