"""Answers in the words of the articles, and the passages a chat model writes from."""
