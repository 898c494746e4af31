"""Which articles a question confines itself to: their day, page, paper, column, author, title."""
