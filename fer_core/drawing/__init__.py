"""What is drawn on frames and pictures, and the contact sheet."""
