/// Finds the parts of a long text that any of some forms can lie in, by looking at few of its bytes. Immutable.
///
/// An occurrence of a form that is n bytes long begins n - 1 pairs of adjacent bytes. So each occurrence of the shortest
/// form or a longer one has a pair at a multiple of that form's length less one: only those pairs of the text are looked
/// up in the set of all pairs of all forms. A 64 KiB piece of a file takes some two thousand look-ups, where a search
/// for each of nine forms reads every byte nine times.
struct FormSieve: Sendable {
    /// A bit for each pair, its first byte in the high half of the number.
    private let pairs: [UInt64]
    /// The distance of the pairs that are looked up; 0 without a form.
    private let step: Int
    /// The length of the longest form.
    private let reach: Int

    /// - Parameter forms: each of at least two bytes.
    init(_ forms: [[UInt8]]) {
        var pairs = [UInt64](repeating: 0, count: 65_536 / 64)
        for form in forms {
            precondition(form.count >= 2, "a form without a pair")
            for index in form.indices.dropLast() {
                let pair = Int(form[index]) << 8 | Int(form[index + 1])
                pairs[pair >> 6] |= 1 << UInt64(pair & 63)
            }
        }
        self.pairs = pairs
        step = (forms.map(\.count).min() ?? 1) - 1
        reach = forms.map(\.count).max() ?? 0
    }

    /// The ranges that each occurrence of a form lies in one of: ascending, disjoint, and not adjacent.
    func candidates(in text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        guard step > 0 else { return [] }
        var ranges: [Range<Int>] = []
        pairs.withUnsafeBufferPointer { pairs in
            var position = 0
            while position + 1 < text.count {
                let pair = Int(text[position]) << 8 | Int(text[position + 1])
                if pairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0 {
                    let range = max(0, position + 2 - reach)..<min(text.count, position + reach)
                    if let last = ranges.last, last.upperBound >= range.lowerBound {
                        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
                    } else {
                        ranges.append(range)
                    }
                }
                position += step
            }
        }
        return ranges
    }
}
