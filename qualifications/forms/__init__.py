"""What a person says about qualifications."""
