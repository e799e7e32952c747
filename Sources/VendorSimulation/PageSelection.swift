/// The pages of a document that a `page_range` names.
enum PageSelection {
    /// The number of pages in `range` of a document with `pages` pages; pages beyond its end do not count.
    static func count(of range: String, inDocumentOf pages: Int) throws(VendorRefusal) -> Int {
        var ranges: [ClosedRange<Int>] = []
        for part in range.split(separator: ",", omittingEmptySubsequences: false) {
            guard let range = bounds(of: part) else { throw .invalid("page_range must be like 1-3 or 1,3,5") }
            ranges.append(range)
        }
        var count = 0
        var counted = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let first = max(range.lowerBound, counted + 1)
            let last = min(range.upperBound, pages)
            guard first <= last else { continue }
            count += last - first + 1
            counted = last
        }
        guard count > 0 else { throw .invalid("page_range names no page of the document, which has \(pages)") }
        return count
    }

    private static func bounds(of part: Substring) -> ClosedRange<Int>? {
        let ends = part.split(separator: "-", omittingEmptySubsequences: false).map(number)
        guard let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2, first <= last else { return nil }
        return first...last
    }

    private static func number(_ text: Substring) -> Int? {
        let digits = text.drop { $0 == " " }.prefix { $0 != " " }
        let rest = text.drop { $0 == " " }.dropFirst(digits.count)
        guard rest.allSatisfy({ $0 == " " }), !digits.isEmpty, digits.count < 10 else { return nil }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), number > 0 else {
            return nil
        }
        return number
    }
}
