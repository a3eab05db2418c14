"""What only chapter 7, batch normalization, needs."""
