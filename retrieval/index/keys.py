"""Short names of articles, for buttons and links that have no room for an id."""

import base64
import hashlib

_CHARACTERS = 12


def short_key(article_id: str) -> str:
    """12 characters, a to z and 2 to 7: the first 60 bits of the id's sha256."""
    digest = hashlib.sha256(article_id.encode()).digest()
    return base64.b32encode(digest)[:_CHARACTERS].decode().lower()
