"""The use of trained models outside their study: take a model from a record, keep the model in a file, and use it on new rows.

Nothing here trains: `search_estimator` calls the search of `study`, and all other modules only evaluate recorded weights.
"""
