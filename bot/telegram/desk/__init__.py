"""What admins do to the collection from their chats."""
