"""Kinds of write that concern qualifications, a file for each noun."""
