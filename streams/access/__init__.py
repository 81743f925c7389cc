"""Who we are to Kafka, how the way there is kept safe, and what we have to be allowed."""
