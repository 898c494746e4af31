"""The text layer of a newspaper page to its articles, by rules and scores, without a model.

A page comes as lines, column after column. The way from there:

1. *Lines* (lines.py). Folios (date, page number, editors, on top of the page the paper's name or
   the page's own, 第3版 要闻) and jump lines (下转第3版) are set aside. An indent that all
   lines have is a margin and says nothing. Where most lines end at the same width in mid-sentence
   the page is hard-wrapped: a line goes on with the one above if that was full, meaning that
   the first word below had no room left, and if it is not indented, no byline and no heading.
   What comes out are paragraphs.
2. *Kinds* (marks.py, heads.py). Each paragraph by itself is a byline (本报记者 …), a photo credit
   (… 摄), the label of a box (阅读提示) or of a letter (读者来问), the name of a section (心路,
   or 简讯), a heading (short, and no sentence), or text. An indented line is no heading, unless
   nine in ten short lines are indented.
3. *Heads* (heads.py). A run of headings begins an article or is a sub-heading. It begins one at
   2.2 points or more. For: a byline below 4, a report's first words below (本报讯, …电) 4, a
   section's name above 3, a letter's label below 3, a caption with its credit and no other text
   below 3, the article above signed off 2 or broken off in mid-sentence 2, two lines 1.5, a wider
   gap 1. Against: numbered like a list 3. And from -2.5 to +3 by how little of the words below,
   weighted by their rarity on the page, stand in the article above. The line above the headline
   is the kicker; below it only what begins with a dash or is much longer. Lines that share a word
   or a quotation mark across their seam are one headline, as are lines of one block where kickers
   have blocks of their own. Names below a headline are a byline unless the text speaks of them. A
   report's first words without a headline begin an article without a title; so do, below a
   paragraph signed with a name in brackets, up to three paragraphs of which the last is signed so
   too. Captions with their credit that stand last below an article with a byline are articles if
   no article around has 4 % of their words. A lone name below a finished text is its signature,
   no heading.
4. *Joins* (seams.py, runs.py). A paragraph that ends in mid-sentence is joined to the one
   below it that fits best, at 0.8 points or more; pairs are made best first, then exchanged
   where two gain by it together. For: a quotation mark or bracket that one opens and the other
   closes 3 (opened or closed alone: against), a word across the seam 2, a first character that
   begins no sentence 2, standing right below 3, below a box or a signed-off article 1.5, no
   indent where paragraphs have one 2, jump lines at both ends 4, and up to 3 by how much more
   words it shares with the broken article than with that in whose column it stands. Against:
   the usual first words of a paragraph 1, below another broken one 1.5, text of the same
   article between 1. What follows the place in its column goes with it. A join is doubtful
   when another place comes within 1 point of it, or none is good enough.
5. *Boxes and captions* (runs.py) without a head of their own go to the article with whose words
   they have most in common, the one around them if it comes close. They stay in their place,
   unless that is in the middle of a joined text: then they come last. Paragraphs below an article
   that was signed off, and those without an indent where others have one, find theirs likewise.
6. *Fields* (assembly.py). Parts are cut from the page by offset. Bylines are those below the
   headline; else in front (本报讯(记者…), 本报讯 通讯员 … 报道：), on a line of their own,
   behind ((name)), or the credit of a picture's article; a credit is no report's byline. Their
   brackets are layout, as are marks of sections, folios, jump lines and white space. Every other
   character of the page is in exactly one part; it is checked, and a page that fails is kept in
   one piece.

A text without any byline, dateline or credit, or in which nothing but strange words speaks for a
second article, is one article (single.py): as it stands, but for a headline and a byline at its
beginning.
"""

from retrieval.corpus.newspaper.page import Choices, Join, Page, PageArticle, Part
from retrieval.corpus.newspaper.splitting import split_page

__all__ = ["Choices", "Join", "Page", "PageArticle", "Part", "split_page"]
