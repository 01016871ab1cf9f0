"""Trained models outside their study: taken from a record, kept in a file, and used on new rows.

Nothing here trains: `search_estimator` calls the search of `study`, and all other modules only evaluate recorded weights.
"""
