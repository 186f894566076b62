"""What lies in an OUTPUT."""
