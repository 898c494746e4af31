"""Addresses of servers, without what nobody may read."""

import re

_PARTS = re.compile(r"://(?:[^/?#]*@)?([^?#]*)(?:[?#].*)?", re.DOTALL)


def bare(text: str) -> str:
    """The address that ends a text without user, password, query and fragment."""
    return _PARTS.sub(r"://\1", text)
