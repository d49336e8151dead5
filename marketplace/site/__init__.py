"""The worker site: accounts, finding work, doing it, qualifications, earnings, messages; and the operator's admin."""
