"""What belongs to chapter 2, softmax regression, alone."""
