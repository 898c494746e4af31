"""What readers send besides texts: minimal objects as Telegram makes them."""

from typing import Any


def _file(kind: str, **more: Any) -> dict[str, Any]:
    return {"file_id": f"{kind}-file", "file_unique_id": f"{kind}-unique", **more}


_PICTURE = {"width": 320, "height": 240}
_POLL = {
    "id": "5300000000000000001",
    "question": "几点开会?",
    "options": [{"text": one, "voter_count": 0, "persistent_id": one} for one in ("九点", "十点")],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}
_PLACE = {"longitude": 121.47, "latitude": 31.23}
_ANIMATION = _file("animation", **_PICTURE, duration=2, mime_type="video/mp4")

CONTENTS: dict[str, dict[str, Any]] = {
    "photo": {"photo": [_file("photo-s", width=90, height=67), _file("photo-m", **_PICTURE)]},
    "sticker": {
        "sticker": _file(
            "sticker", width=512, height=512, is_animated=False, is_video=False, type="regular"
        )
        | {"emoji": "👍"}
    },
    "voice": {"voice": _file("voice", duration=3, mime_type="audio/ogg")},
    "audio": {"audio": _file("audio", duration=180, title="Song")},
    "video": {"video": _file("video", **_PICTURE, duration=5, mime_type="video/mp4")},
    "video_note": {"video_note": _file("video_note", length=240, duration=5)},
    "animation": {
        "animation": _ANIMATION,
        "document": _file("animation", mime_type="video/mp4"),
    },
    "document": {
        "document": _file("document", file_name="report.pdf", mime_type="application/pdf")
    },
    "location": {"location": _PLACE},
    "venue": {
        "venue": {"location": _PLACE, "title": "茶馆", "address": "南京路1号"},
        "location": _PLACE,
    },
    "contact": {"contact": {"phone_number": "+8613000000000", "first_name": "王"}},
    "poll": {"poll": _POLL},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
}
"""The fields of a Message, by kind of content."""
WITH_CAPTION = {"photo", "voice", "audio", "video", "animation", "document"}
"""The kinds that may have a caption."""
SERVICE = ("new_chat_members", "left_chat_member", "pinned_message")
"""The service messages: of whom, or of which message, they tell is added."""
