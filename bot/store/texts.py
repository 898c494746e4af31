"""Text as every database takes it."""

import hashlib
import json
import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def sanitise(text: str) -> str:
    """The same text with NUL and lone surrogates replaced by U+FFFD, one for one."""
    return _UNSTORABLE.sub("\ufffd", text)


def to_json(value: object) -> str:
    """JSON, with Chinese characters as they are."""
    return sanitise(json.dumps(value, ensure_ascii=False))


def fingerprint(value: object) -> str:
    """64 hex digits, the same for JSON that differs only in the order of its names."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
