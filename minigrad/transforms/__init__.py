"""Derivatives as functions (`grad` and its relatives), forward mode, and checkpoints."""
