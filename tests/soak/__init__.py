"""The bot at work for long: what it holds in memory does not grow with what it has done."""
