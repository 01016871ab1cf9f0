"""Example data files as users have them, each with its `[data]` keys and the expected table or message."""
