"""What a person can do with qualifications, a file for each noun."""
