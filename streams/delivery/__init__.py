"""The transaction of a source partition.

The only room that knows the sharp edges of Faust and aiokafka.
"""
