"""The deterministic part: the generic `FulfilOrder` workflow, its state machines and its mailbox."""
