"""A chat model: what it is asked, how it is called, and what can go wrong."""
