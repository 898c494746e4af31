"""Secrets that tests give to Baoda. None of them may be seen anywhere afterwards."""

MARK = "PLANTED"
PASSWORD = f"{MARK}-password-of-a-database"
