"""What the bot does with each update, by topic."""
