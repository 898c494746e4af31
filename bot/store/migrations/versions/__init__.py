"""One step a module. A published step is never changed."""
