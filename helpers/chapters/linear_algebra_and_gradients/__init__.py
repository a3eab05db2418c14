"""What belongs to chapter 1, linear-algebra-and-gradients, alone."""
