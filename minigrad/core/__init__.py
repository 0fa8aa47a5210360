"""The frame: errors, the registry of operations, nodes and graphs, what is in force, and backward."""
