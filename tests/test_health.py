"""Readiness: which part is not ready, and since when."""

from bot.health import PARTS, Health


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ready(clock: Clock) -> Health:
    health = Health(clock)
    for part in PARTS:
        health.ready(part)
    return health


def test_nothing_is_ready_at_first() -> None:
    report = Health().report()
    assert not report["ready"]
    assert all(part["reason"] for part in report["parts"].values())


def test_ready_is_what_all_parts_are() -> None:
    report = ready(Clock()).report()
    assert report["ready"]
    assert set(report["parts"]) == {"index", "store", "telegram"}


def test_one_part_is_enough_not_to_be_ready() -> None:
    health = ready(Clock())
    health.unready("store", "the disk is full")
    report = health.report()
    assert not report["ready"]
    assert report["parts"]["store"]["reason"] == "the disk is full"
    assert report["parts"]["store"]["since"].endswith("Z")
    assert report["parts"]["index"]["ready"]


def test_a_new_reason_is_the_same_trouble_still() -> None:
    health = ready(Clock())
    health.unready("store", "held by another program")
    since = health.report()["parts"]["store"]["since"]
    health.unready("store", "the disk is full")
    part = health.report()["parts"]["store"]
    assert (part["reason"], part["since"]) == ("the disk is full", since)


def test_patience_ends() -> None:
    clock = Clock()
    health = ready(clock)
    for clock.now in (0, 10, 29):
        health.unready("telegram", "getUpdates: cannot be reached", patience_seconds=30)
        assert health.report()["ready"]
    clock.now = 31
    assert not health.is_ready("telegram")
    health.ready("telegram")
    assert health.report()["ready"]


def test_there_is_no_patience_with_what_was_never_ready() -> None:
    health = Health(Clock())
    health.unready("telegram", "getMe: cannot be reached", patience_seconds=30)
    assert not health.is_ready("telegram")
