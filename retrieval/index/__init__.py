"""A generation: one complete, immutable index of the collection."""
