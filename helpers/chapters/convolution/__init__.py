"""What belongs to chapter 5, convolution, alone."""
