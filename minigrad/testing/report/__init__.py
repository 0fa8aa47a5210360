"""What a check found: the report, its page, and what a wrong gradient looks like."""
