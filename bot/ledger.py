"""What the chat model may cost, and what it has cost: tokens a day, of all and of each reader."""

import datetime
import logging
from collections.abc import Callable

from bot.meters import UNCOUNTED, Meters
from bot.store import Store, StoreError
from retrieval.types import Notice, Purpose, Usage

logger = logging.getLogger(__name__)


class Ledger:
    """The budget of the settings, kept in the store. A store that fails stops no answer."""

    def __init__(
        self,
        store: Store,
        *,
        today: Callable[[], datetime.date],
        of_all: int | None,
        of_each: int | None,
        meters: Meters = UNCOUNTED,
    ) -> None:
        """`of_all` and `of_each` are tokens a day, None without limit."""
        self._store = store
        self._today = today
        self._of_all = of_all
        self._of_each = of_each
        self._meters = meters

    def exhausted(self, asker: int | None) -> Notice | None:
        """Whose budget of today is spent, None where nobody's is."""
        try:
            if self._of_all is not None and self._store.spent_today(self._today()) >= self._of_all:
                return Notice.BUDGET_SPENT
            if self._of_each is not None and asker is not None:
                spent = self._store.spent_today(self._today(), asker)
                return Notice.OWN_BUDGET_SPENT if spent >= self._of_each else None
        except StoreError as error:
            logger.error("the tokens spent today cannot be read: %s", error)
        return None

    def spend(self, asker: int | None, model: str, usage: Usage, purpose: Purpose) -> None:
        """Enter a call that has cost something."""
        if not usage.total:
            return
        self._meters.spent(usage, purpose)
        try:
            self._store.spend(
                usage, day=self._today(), asker_id=asker, model=model, purpose=purpose
            )
        except StoreError as error:
            logger.error("%d tokens could not be entered: %s", usage.total, error)
