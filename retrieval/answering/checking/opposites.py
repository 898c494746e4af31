"""Words of which a text says one or the other: growth or decline, before or after."""

import re
from collections.abc import Collection

_GROUPS = (
    "增长 增加 上升 上涨 提高 提升 升高 升温 高涨 增多 扩大 走高 "
    "越来越高 上调 攀升 增强 升至 涨 多了 增幅 涨幅 / "
    "下降 减少 下跌 降低 回落 缩小 走低 越来越低 下调 下滑 减弱 降至 跌 萎缩 锐减 降幅 跌幅",
    "高于 / 低于",
    "快于 / 慢于",
    "早于 / 晚于",
    "大于 / 小于",
    "好于 优于 / 差于 劣于",
    "同比 / 环比",
    "多于 超过 逾 / 少于 不足 不到 不满",
    "开始 启动 开幕 开工 / 结束 停止 终止 闭幕 完工 中断 中止",
    "成功 / 失败",
    "同意 赞成 支持 批准 通过 准许 允许 / 反对 拒绝 驳回 否决 禁止 不同意",
    "接受 / 拒绝",
    "放宽 放松 / 收紧 加大 加强 从严",
    "受伤 重伤 受重伤 / 毫发无损 毫发未伤 安然无恙",
    "否认 / 证实 承认",
    "宣称 / 否认",
    "通车 / 停工 停运",
    "赢 战胜 击败 胜 获胜 / 输 负于 败给 告负",
    "首次 第一次 / 再次 又一次",
    "最高 / 最低",
    "最大 / 最小",
    "最多 / 最少",
    "最早 / 最晚",
    "最好 / 最差",
    "以上 / 以下",
    "之前 以前 前 / 之后 以后 后",
    "上班 / 下班",
    "上车 / 下车",
    "进入 / 退出 离开",
    "加入 / 退出",
    "出口 / 进口",
    "买 购买 收购 / 卖 出售 出让",
    "免费 暂免 免收 / 收费 自费 付费 自付 自理",
    "主动 / 被动",
    "单向 / 双向",
    "乐观 / 悲观",
    "盈利 / 亏损",
    "安全 / 危险",
    "合格 达标 / 不合格",
    "有利 / 不利",
    "成立 设立 建立 / 撤销 解散 取消",
    "增设 新增 / 撤销 取消",
    "打开 开放 / 关闭",
    "公开 / 秘密 匿名",
    "上游 / 下游",
    "国内 / 国外 境外 海外",
    "室内 / 室外 露天",
    "男 男子 男性 / 女 女子 女性",
    "父亲 / 母亲",
    "丈夫 / 妻子",
    "儿子 / 女儿",
    "哥哥 / 弟弟",
    "有罪 / 无罪",
    "领先 / 落后",
    "上半年 / 下半年",
    "年初 / 年中 / 年底 年末 岁末",
    "月初 / 月中 / 月底 月末",
    "上旬 / 中旬 / 下旬",
    "全球 全世界 世界 / 亚洲 / 全国 / 全省 / 全市 / 全区 / 全县 / 全镇 全乡",
    "东北 / 西北 / 东南 / 西南",
    "有期徒刑 / 无期徒刑 / 死刑 / 拘役 / 管制",
    "去年 / 今年 / 明年 / 前年",
    "昨天 昨日 / 今天 今日 / 明天 明日 / 前天",
    "上周 / 本周 / 下周",
    "上月 上个月 / 本月 / 下月 下个月",
    "每天 每日 / 每周 / 每月 每个月 / 每季度 每个季度 / 每年 / 每小时",
    "凌晨 / 早上 早晨 清晨 上午 / 中午 / 下午 / 傍晚 晚上 晚间 夜间 深夜",
    "春天 春季 春日 春运 / 夏天 夏季 夏日 暑期 暑运 / 秋天 秋季 秋日 / "
    "冬天 冬季 冬日 暖冬 凛冬 寒冬",
    "周一 星期一 / 周二 星期二 / 周三 星期三 / 周四 星期四 / 周五 星期五 / "
    "周六 星期六 / 周日 星期日 星期天",
    "东部 / 南部 / 西部 / 北部 / 中部",
    "科级 / 处级 / 厅级 局级 / 部级",
    "市级 / 省级 / 国家级 / 区级 / 县级",
    "金牌 / 银牌 / 铜牌",
    "冠军 / 亚军 / 季军",
    "小学 / 中学 / 大学",
    "本科 / 硕士 / 博士",
)
Side = tuple[int, int]
"""Number of a group, and of one of its sides."""

_SIZES = [group.count("/") + 1 for group in _GROUPS]
_SIDES: dict[str, list[Side]] = {}
for _number, _group in enumerate(_GROUPS):
    for _side, _words in enumerate(_group.split("/")):
        for _word in _words.split():
            _SIDES.setdefault(_word, []).append((_number, _side))
_WORD = re.compile("|".join(sorted(_SIDES, key=len, reverse=True)))


def sides(text: str, words: Collection[str]) -> dict[Side, int]:
    """The sides that a text takes, each with the place of its first word.

    `words`: those of the text; a side of a single character must be one of them.
    """
    found: dict[Side, int] = {}
    for match in _WORD.finditer(text):
        if len(match[0]) > 1 or match[0] in words:
            for side in _SIDES[match[0]]:
                found.setdefault(side, match.start())
    return found


def rivals(side: Side) -> list[Side]:
    """The other sides of a side's group."""
    group, own = side
    return [(group, other) for other in range(_SIZES[group]) if other != own]
