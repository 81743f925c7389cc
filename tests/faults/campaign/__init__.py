"""The fault campaign: ``python -m tests.faults.campaign --seconds 1800 --seed 1``.

Rounds of real worker processes against a real Kafka and the stand-in, each with one fault or a
random combination of two; afterwards every topic is compared with the stand-in's own account.
"""
