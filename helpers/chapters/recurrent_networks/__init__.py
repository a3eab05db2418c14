"""What only chapter 10, recurrent networks, needs."""
