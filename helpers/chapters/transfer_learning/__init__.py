"""What only chapter 9, transfer learning, needs."""
