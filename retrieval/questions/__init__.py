"""What a question asks for, of what, in which articles."""
