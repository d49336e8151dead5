"""Pages of qualifications, a file for each noun."""
