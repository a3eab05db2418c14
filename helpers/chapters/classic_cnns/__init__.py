"""What only chapter 6, classic convolutional networks, needs."""
