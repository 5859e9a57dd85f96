"""What is sent to who listens: frames, subscriptions, updates of orders, news."""
