"""A Kafka, a reader and a worker small enough to see that they are right."""
