"""Sentences weighed against a question, and the order and the decision that follow from it."""
