"""Everything between a folder of articles and a checked answer. Knows no Telegram."""
