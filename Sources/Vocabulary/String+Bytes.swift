import Glibc

/// Texts compared by their bytes in UTF-8. Swift's own operators take texts for equal that are written with other
/// characters, and order them otherwise.
extension String {
    /// Whether both are the same bytes.
    public func hasBytes(of other: String) -> Bool {
        utf8.count == other.utf8.count && compareBytes(with: other) == 0
    }

    /// Whether it comes first in the order of the bytes.
    public func precedesInBytes(_ other: String) -> Bool {
        let order = compareBytes(with: other)
        return order < 0 || (order == 0 && utf8.count < other.utf8.count)
    }

    /// Compares as much as both have.
    private func compareBytes(with other: String) -> Int32 {
        var (one, other) = (self, other)
        return one.withUTF8 { one in
            other.withUTF8 { other in
                guard let first = one.baseAddress, let second = other.baseAddress else { return 0 }
                return unsafe memcmp(first, second, min(one.count, other.count))
            }
        }
    }
}
