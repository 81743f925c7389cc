"""What runs on a laptop: embedded Kafka, stand-in Claude, sample tickets, the demo."""
