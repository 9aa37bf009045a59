"""What a picture of a plan or an offer shows, in words and positions, for any form of output."""
