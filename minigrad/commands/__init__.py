"""What the command line offers, and the tables of operations in the documents."""
