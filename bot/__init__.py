"""Baoda's fronts and composition root: the command line, Telegram, the terminal."""

__version__ = "0.1.0"
