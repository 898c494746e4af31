"""The editors' work on the collection, whatever front it is done from."""
