"""What is checked: functions, pairs, modules and other frameworks, as functions of plain arrays."""
