"""What belongs to chapter 4, dropout-and-regularization, alone."""
