"""Remote collections become rows."""
