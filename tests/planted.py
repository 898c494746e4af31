"""Secrets that tests give to Baoda. None of them may be seen anywhere afterwards."""

MARK = "PLANTED"
"""Stands in every one of them."""

TOKEN = f"700000001:{MARK}-token-of-a-bot"
KEY = f"sk-{MARK}-key-of-a-model"
PASSWORD = f"{MARK}-password-of-a-database"
FILE = "planted-secret"
"""What tests call a file that is to hold one."""
