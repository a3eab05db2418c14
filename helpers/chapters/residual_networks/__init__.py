"""What only chapter 8, residual networks, needs."""
