"""Conversations, feedback, updates taken and tokens spent, in SQLite or by DATABASE_URL."""

from bot.store.errors import StoreError
from bot.store.records import (
    DaySpent,
    Deed,
    DeedAction,
    Delivered,
    DeliveredPurpose,
    Draft,
    DraftState,
    Exchange,
    Held,
    KeptAnswer,
    Missed,
    Pending,
    Pruned,
    Taken,
    Tally,
)
from bot.store.store import Store

__all__ = [
    "DaySpent",
    "Deed",
    "DeedAction",
    "Delivered",
    "DeliveredPurpose",
    "Draft",
    "DraftState",
    "Exchange",
    "Held",
    "KeptAnswer",
    "Missed",
    "Pending",
    "Pruned",
    "Store",
    "StoreError",
    "Taken",
    "Tally",
]
