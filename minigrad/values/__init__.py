"""The kinds of value that operations take, how an operation on them is recorded, and the border to plain arrays."""
