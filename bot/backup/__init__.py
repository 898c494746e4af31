"""Everything a dead machine would lose, in one file, and back from it.

A backup is a tar, compressed by gzip:

    backup.json      what it is, see Header
    data/            of DATA_DIR: CURRENT and its generation, the cache of embeddings, conversations
    corpus/          the articles, what waits in inbox/ and what lies in .bin/
    files.json       size and sha256 of each file before it

No setting and no key is in it.
"""
