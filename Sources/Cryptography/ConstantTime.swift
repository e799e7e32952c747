public import Vocabulary

/// Comparisons whose time tells nothing about where two values differ.
public enum ConstantTime {
    /// Whether two digests are equal; takes the same time for every pair.
    @inlinable
    public static func areEqual(_ left: Digest, _ right: Digest) -> Bool {
        let difference =
            (left.word0 ^ right.word0) | (left.word1 ^ right.word1) | (left.word2 ^ right.word2)
            | (left.word3 ^ right.word3)
        return difference == 0
    }
}
