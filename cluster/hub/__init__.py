"""The hub's side of a cluster: who lives, who works which slot, and what all of them say."""
