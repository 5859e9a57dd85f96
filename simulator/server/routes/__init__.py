"""What is answered to who asks: the REST routes and the two websockets."""
