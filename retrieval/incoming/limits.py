"""How much an upload may hold and take. Editors send what they wrote, not whole archives."""

from retrieval.corpus.isolation import Limits

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Telegram hands no larger file to a bot."""

MAX_ARTICLES = 200
"""A newspaper's issue has fewer; more can hardly be looked through in a chat."""

MAX_PROBLEMS = 500
"""Remarks on one upload; a file with more is not what it seems."""

MAX_TEXT_BYTES = 10_000_000
"""Of all articles: five times the largest. The bot holds them until the editor agrees."""

MAX_MEMBERS = 100
"""Files read of an archive."""

MAX_PARTS = 2_000
"""Members an archive may list, with a Word file's parts and the doubles that macOS adds."""

MAX_DIRECTORY_BYTES = 1_000_000
"""Of an archive's list of members: MAX_PARTS with long names. It is read before it is counted."""

MAX_MEMBER_BYTES = 10_000_000
MAX_UNPACKED_BYTES = 50_000_000
"""One member is in memory at a time; all of them are a second's unpacking."""

MAX_RATIO = 200
"""Text packs to a third, Word's XML to a tenth, bombs to a thousandth and less."""

RATIO_MATTERS = 1_000_000
"""Bytes: blank pages of this size pack as tightly as bombs."""

MAX_COMMENT_BYTES = 256
"""After an archive: a word on where it comes from, no second file."""

MAX_HTML_BYTES = 3_000_000
"""The longest page of an article has 1 MB; the time of its reader grows faster than the page."""

MAX_PIXELS = 100_000_000
"""Of a picture in a Word file; a camera's have half as many. None is ever unfolded here."""

MAX_NAME_CHARACTERS = 255

LIMITS = Limits(seconds=60.0, memory_bytes=120_000_000)
"""Of the child, for the whole upload; its memory beyond the 140 MB of address space that its code
takes at first. An article of 2 MB in any format, and the code of its reader, need 85. What presses
against it has 170 MB in memory, a bot over a small collection 260 and after many uploads 310."""
