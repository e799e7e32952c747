/// Finds the parts of a text that any of some forms can lie in, by looking at few of its bytes. Immutable.
///
/// An occurrence of a form that is n bytes long begins n - 3 groups of four adjacent bytes. So each occurrence of the
/// shortest form or a longer one has a group at a multiple of that form's length less three: only those groups of the
/// text are looked up in the set of all groups of all forms. A 64 KiB piece of a file takes some two thousand look-ups,
/// where a search for each of nine forms reads every byte nine times. Of groups that no form has, one in a hundred or
/// so is found nevertheless, since the set has their hashes only.
struct FormSieve: Sendable {
    /// How many bytes a group has.
    private static let groupByteCount = 4

    /// A bit for each hash of a group.
    private let groups: [UInt64]
    /// The distance of the groups that are looked up; 0 without a form.
    private let step: Int
    /// The length of the longest form.
    private let reach: Int

    /// - Parameter forms: each of at least four bytes.
    init(_ forms: [[UInt8]]) {
        var groups = [UInt64](repeating: 0, count: 65_536 / 64)
        for form in forms {
            precondition(form.count >= Self.groupByteCount, "a form without a group")
            form.withUnsafeBytes { form in
                for index in 0...(form.count - Self.groupByteCount) {
                    let hash = Self.hash(form.loadUnaligned(fromByteOffset: index, as: UInt32.self))
                    groups[hash >> 6] |= 1 << UInt64(hash & 63)
                }
            }
        }
        self.groups = groups
        step = forms.map(\.count).min().map { $0 - Self.groupByteCount + 1 } ?? 0
        reach = forms.map(\.count).max() ?? 0
    }

    /// The ranges that each occurrence of a form lies in one of: ascending, disjoint, and not adjacent.
    func candidates(in text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        guard !isEmpty else { return [] }
        var ranges: [Range<Int>] = []
        var start = 0
        while let position = nextGroup(in: text, from: start) {
            let range = max(0, position + Self.groupByteCount - reach)..<min(text.count, position + reach)
            if let last = ranges.last, last.upperBound >= range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
            start = position + step
        }
        return ranges
    }

    /// Whether there is no form.
    var isEmpty: Bool { step == 0 }

    /// Whether a form may lie in the text.
    func mayLie(in text: UnsafeBufferPointer<UInt8>) -> Bool { !isEmpty && nextGroup(in: text, from: 0) != nil }

    /// The place of the next group that a form may have; looked for from a multiple of `step` on.
    private func nextGroup(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let text = UnsafeRawBufferPointer(text)
        return groups.withUnsafeBufferPointer { groups in
            var position = start
            while position + Self.groupByteCount <= text.count {
                let hash = Self.hash(text.loadUnaligned(fromByteOffset: position, as: UInt32.self))
                if groups[hash >> 6] >> UInt64(hash & 63) & 1 != 0 { return position }
                position += step
            }
            return nil
        }
    }

    /// 16 bits: the upper half of a product with the golden ratio, on which all four bytes have an influence.
    private static func hash(_ group: UInt32) -> Int { Int((group &* 0x9E37_79B1) >> 16) }
}
