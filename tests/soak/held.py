"""What objects hold: a dictionary that only grows is a leak, however small its entries."""

from collections import deque
from collections.abc import Iterable, Iterator


def sizes(parts: Iterable[object]) -> dict[str, int]:
    """How much every dictionary, set, list and queue among their attributes holds, by its name."""
    return {
        f"{type(part).__name__}.{name}": len(held)
        for part in parts
        for name, held in _attributes(part)
        if isinstance(held, dict | set | list | deque)
    }


def _attributes(part: object) -> Iterator[tuple[str, object]]:
    """Those of its class and instance, slots too."""
    slots = {name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())}
    names = slots | set(getattr(part, "__dict__", {}))
    return ((name, getattr(part, name)) for name in sorted(names) if hasattr(part, name))
