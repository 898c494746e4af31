"""The interface's texts in Chinese and English. A missing one does not pass the type check."""

import locale
from dataclasses import dataclass

from retrieval.answering.language import Language, language_of
from retrieval.types import Answer, Notice


@dataclass(frozen=True, slots=True)
class Phrases:
    """Every text of the interface in one language. Placeholders are for str.format."""

    start: str
    help: str
    help_admin: str
    terminal_greeting: str
    thinking: str
    nearest: str
    unanswered: str
    in_their_words: str
    model_rests: str
    budget_spent: str
    own_budget_spent: str
    begun_anew: str
    not_begun_anew: str
    untitled: str
    stop: str
    close: str
    stopped: str
    continued: str
    full_text: str
    copy_quote: str
    page: str
    former_version: str
    changed_since: str
    article_gone: str
    misses_question: str
    unfaithful: str
    incomplete: str
    wrong_article: str
    write_reason: str
    field_title: str
    field_kicker: str
    field_byline: str
    field_column: str
    field_date: str
    field_source: str
    field_page: str
    indexing: str
    question_too_long: str
    model_unavailable: str
    unexpected: str
    your_id: str
    reload_started: str
    reload_running: str
    reload_unchanged: str
    reload_done: str
    reload_failed: str
    reload_problems: str
    thanks: str
    what_is_wrong: str
    reason_taken: str
    answer_not_kept: str
    not_being_written: str
    unknown_button: str
    description: str
    short_description: str
    command_start: str
    command_help: str
    command_id: str
    command_new: str
    command_reload: str


CHINESE = Phrases(
    start="你好，我是报答。\n\n问我报道里写了什么，我用原文回答，每句话都附出处，点开就能看到原话。"
    "文章里没有的，我会直说。\n\n直接发问题就行。",
    help="直接发来问题，中文、英文都可以。\n\n"
    "回答里的 [1]、[2] 对应下方的引文：点开可见原话、标题、署名和日期。"
    "文章里没有答案时，我会说没有，并列出最接近的文章。\n\n"
    "可以接着问：“那吉林石化呢？”“什么时候？”。/new 重新开始。",
    help_admin="/reload 重新读取文章",
    terminal_greeting="报答：直接输入问题，/new 重新开始，按 Ctrl-D 结束。",
    thinking="正在查找……",
    nearest="最接近的文章：",
    unanswered="文章里没有说到：{parts}",
    in_their_words="文章原文：",
    model_rests="写作用的模型接连没有回应，暂时不用它：先以原文回答。",
    budget_spent="今天用模型写作的额度已经用完：先以原文回答。",
    own_budget_spent="你今天用模型写作的额度已经用完：先以原文回答。",
    begun_anew="好的，重新开始：之前说的不再算数。",
    not_begun_anew="没能重新开始，请稍后再试。",
    untitled="（无标题）",
    stop="⏹ 停止",
    close="✕ 收起",
    stopped="（已按你的意思停下，回答不完整。）",
    continued="（续）",
    full_text="📄 全文",
    copy_quote="📋 复制引文",
    page="第 {page} 版",
    former_version="回答时的版本；文章后来有改动或已撤下。",
    changed_since="文章在回答之后有改动，当时的版本没有保留，引文的位置已无从指出。",
    article_gone="这篇文章已不在库中，当时的版本也没有保留。",
    misses_question="答非所问",
    unfaithful="与原文不符",
    incomplete="不完整",
    wrong_article="找错文章",
    write_reason="✍ 写几句",
    field_title="标题：",
    field_kicker="引题：",
    field_byline="署名：",
    field_column="栏目：",
    field_date="日期：",
    field_source="来源：",
    field_page="版面：",
    indexing="文章正在编入索引，请稍候再问。",
    question_too_long="问题太长了：最多 {limit} 个字，这个有 {length} 个。",
    model_unavailable="检索用的模型暂时没有回应，请稍后再问。",
    unexpected="出了点问题，没能回答。请再问一次。",
    your_id="你的编号：{user_id}\n本聊天的编号：{chat_id}",
    reload_started="正在重新读取文章……",
    reload_running="已经在重新读取了，请等它完成。",
    reload_unchanged="没有变化：{articles} 篇文章。",
    reload_done="完成：新增 {added} 篇，改动 {changed} 篇，删除 {removed} 篇，未变 {unchanged} 篇；"
    "现有 {articles} 篇，{chunks} 段，用时 {seconds} 秒。",
    reload_failed="没有完成，仍用原来的文章：{reason}",
    reload_problems="需要看一看的文件：",
    thanks="谢谢！",
    what_is_wrong="哪里不对？直接回复这条消息告诉我。",
    reason_taken="记下了，谢谢。",
    answer_not_kept="这条回答已不再保存，没能记下。",
    not_being_written="这条回答已经写完了。",
    unknown_button="这个按钮已经不用了。",
    description="问报道里写了什么，用原文回答，每句话都附出处，点开就能看到原话。文章里没有的，会直说。",
    short_description="用报道的原话回答，每句话都有出处。",
    command_start="开始",
    command_help="怎么用",
    command_id="查看编号",
    command_new="忘掉前面的对话",
    command_reload="重新读取文章",
)

ENGLISH = Phrases(
    start="Hello, I am Baoda.\n\nAsk me what the articles say. I answer in their own words, and "
    "every sentence opens at the words it rests on. What they do not say, I tell you so.\n\n"
    "Just send your question.",
    help="Just send a question, in Chinese or English.\n\n[1], [2] in an answer stand for the "
    "quotations under it: open one to see the exact words, headline, byline and date. When the "
    "articles do not answer, I say so and list the nearest ones.\n\nYou may go on asking: "
    "“And when?”. /new begins anew.",
    help_admin="/reload reads the articles again",
    terminal_greeting="Baoda: type a question; /new forgets what was said, Ctrl-D ends.",
    thinking="Looking …",
    nearest="Nearest articles:",
    unanswered="The articles do not say: {parts}",
    in_their_words="In the articles' own words:",
    model_rests="The model that writes has failed several times and is left alone for a while: "
    "quotations meanwhile.",
    budget_spent="The model's budget for today is spent: quotations until tomorrow.",
    own_budget_spent="Your budget of the model for today is spent: quotations until tomorrow.",
    begun_anew="We begin anew: what was said before does not count any more.",
    not_begun_anew="That did not work. Please try again later.",
    untitled="(no headline)",
    stop="⏹ Stop",
    close="✕ Close",
    stopped="(Stopped as you asked; the answer is not complete.)",
    continued=" (continued)",
    full_text="📄 Whole article",
    copy_quote="📋 Copy quotation",
    page="page {page}",
    former_version="As it stood when the answer was given; changed or withdrawn since.",
    changed_since="The article was changed after the answer and that version is not kept: the "
    "quoted words can no longer be pointed out.",
    article_gone="This article is no longer in the collection, nor is the version of the answer.",
    misses_question="Not what I asked",
    unfaithful="Not what it says",
    incomplete="Incomplete",
    wrong_article="Wrong article",
    write_reason="✍ In words",
    field_title="Headline: ",
    field_kicker="Kicker: ",
    field_byline="Byline: ",
    field_column="Column: ",
    field_date="Date: ",
    field_source="Source: ",
    field_page="Page: ",
    indexing="The articles are being indexed. Please ask again in a moment.",
    question_too_long="That is too long: at most {limit} characters, this has {length}.",
    model_unavailable="The model that searches does not answer just now. Please ask again later.",
    unexpected="Something went wrong and there is no answer. Please ask again.",
    your_id="Your id: {user_id}\nThis chat's id: {chat_id}",
    reload_started="Reading the articles again …",
    reload_running="The articles are being read already; please wait for that.",
    reload_unchanged="Nothing has changed: {articles} articles.",
    reload_done="Done: {added} added, {changed} changed, {removed} removed, {unchanged} unchanged; "
    "{articles} articles in {chunks} chunks, {seconds} s.",
    reload_failed="Not done, the former articles stay: {reason}",
    reload_problems="Files to look at:",
    thanks="Thank you!",
    what_is_wrong="What is wrong? Reply to this message and tell me.",
    reason_taken="Noted, thank you.",
    answer_not_kept="This answer is not kept any more, so that could not be noted.",
    not_being_written="This answer is complete already.",
    unknown_button="This button is not in use any more.",
    description="Ask what the articles say: you get their own words, and every sentence opens at "
    "the words it rests on. What they do not say, you are told so.",
    short_description="Answers in the articles' own words, every sentence with its source.",
    command_start="Start",
    command_help="How it works",
    command_id="Show ids",
    command_new="Forget the conversation",
    command_reload="Read the articles again",
)


def phrases_for(setting: str, language_code: str) -> Phrases:
    """The texts for BOT_LANGUAGE and a reader's language code such as zh-hans or en_GB.UTF-8."""
    language = language_code if setting == "auto" else setting
    return CHINESE if language.lower().startswith("zh") else ENGLISH


def terminal_phrases(setting: str) -> Phrases:
    """The texts for BOT_LANGUAGE in a terminal, whose locale stands for the reader's language."""
    return phrases_for(setting, locale.getlocale()[0] or "")


def introduction(answer: Answer, phrases: Phrases) -> str:
    """That what follows is quoted, where it is in another language than the question; else ""."""
    foreign = language_of(answer.question) is Language.ENGLISH
    quoted = answer.mode != "llm" and not answer.refused
    return phrases.in_their_words if foreign and quoted else ""


def notice(answer: Answer, phrases: Phrases) -> str:
    """Why the chat model did not write the answer, on one line; "" where nobody need know."""
    texts = {
        Notice.MODEL_RESTS: phrases.model_rests,
        Notice.BUDGET_SPENT: phrases.budget_spent,
        Notice.OWN_BUDGET_SPENT: phrases.own_budget_spent,
    }
    return texts[answer.notice] if answer.notice else ""


def left_open(answer: Answer, phrases: Phrases) -> str:
    """Which parts of the question the articles do not answer, on one line; "" where they do."""
    parts = (" ".join(one.split()).rstrip("?？。.;；!！") for one in answer.unanswered)
    return phrases.unanswered.format(parts=" / ".join(parts)) if answer.unanswered else ""
