"""Conversations, feedback, questions taken and tokens spent, in SQLite or by DATABASE_URL."""

from bot.store.errors import StoreError
from bot.store.records import DaySpent, Exchange, Pending, Pruned
from bot.store.store import Store

__all__ = ["DaySpent", "Exchange", "Pending", "Pruned", "Store", "StoreError"]
