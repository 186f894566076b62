"""Where a job runs, and its process."""
