"""What belongs to chapter 3, multilayer-perceptrons, alone."""
