"""What `make demo` shows: people, one account, five batches with their own pictures, and some days of history."""
