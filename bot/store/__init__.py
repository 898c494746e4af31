"""Conversations, feedback, updates taken and tokens spent, in SQLite or by DATABASE_URL."""

from bot.store.errors import StoreError
from bot.store.records import (
    DaySpent,
    Deed,
    DeedAction,
    Delivered,
    DeliveredPurpose,
    Exchange,
    Held,
    KeptAnswer,
    Pending,
    Pruned,
    Taken,
)
from bot.store.store import Store

__all__ = [
    "DaySpent",
    "Deed",
    "DeedAction",
    "Delivered",
    "DeliveredPurpose",
    "Exchange",
    "Held",
    "KeptAnswer",
    "Pending",
    "Pruned",
    "Store",
    "StoreError",
    "Taken",
]
