import Vocabulary

/// A document's identifier as the roll-ups keep it: the 16 bytes of its UUID.
typealias PackedDocument = UUIDWords
