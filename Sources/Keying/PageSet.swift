/// A set of pages of a document, as written in `page_range`: `1-3`, `1,3,5`.
public struct PageSet: Hashable, Sendable {
    /// In ascending order, with a gap between any two.
    public let ranges: [ClosedRange<Int>]

    public static let pageMax = 1_000_000
    public static let partsMax = 1_000

    /// The number of pages.
    public var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// The canonical spelling of this set: `1-3,5`.
    public var text: String {
        var text = ""
        for range in ranges {
            if !text.isEmpty { text += "," }
            text += String(range.lowerBound)
            if range.lowerBound < range.upperBound {
                text += "-"
                text += String(range.upperBound)
            }
        }
        return text
    }

    /// - Parameter parts: in any order, overlapping or not; at least one.
    init(merging parts: [ClosedRange<Int>]) {
        var merged: [ClosedRange<Int>] = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, part.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, part.upperBound)
            } else {
                merged.append(part)
            }
        }
        ranges = merged
    }

    /// Why a text is not a set of pages, as a clause that follows the member's name.
    public struct Fault: Error, Equatable, Sendable {
        public let reason: String
    }

    /// Reads parts like `4` or `1-3` separated by commas; spaces are allowed around numbers.
    public static func parse(_ text: [UInt8]) throws(Fault) -> PageSet {
        var reader = PartReader(bytes: text)
        var parts: [ClosedRange<Int>] = []
        repeat {
            parts.append(try reader.readPart())
            guard parts.count <= partsMax else { throw Fault(reason: "has more than \(partsMax) parts") }
        } while reader.take(UInt8(ascii: ","))
        guard reader.isAtEnd else { throw PartReader.malformed }
        return PageSet(merging: parts)
    }
}

private struct PartReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    static let malformed = PageSet.Fault(reason: "is no list of pages like \"1-3\" or \"1,3,5\"")

    var isAtEnd: Bool { position == bytes.count }

    mutating func readPart() throws(PageSet.Fault) -> ClosedRange<Int> {
        let first = try readPage()
        guard take(UInt8(ascii: "-")) else { return first...first }
        let last = try readPage()
        guard first <= last else { throw PageSet.Fault(reason: "has a range that ends before it begins") }
        return first...last
    }

    private mutating func readPage() throws(PageSet.Fault) -> Int {
        skipSpaces()
        let start = position
        var page = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            page = min(page * 10 + Int(bytes[position] - 0x30), PageSet.pageMax + 1)
            position += 1
        }
        guard position > start else { throw PartReader.malformed }
        guard (1...PageSet.pageMax).contains(page) else {
            throw PageSet.Fault(reason: "names a page that is not from 1 to \(PageSet.pageMax)")
        }
        skipSpaces()
        return page
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpaces() { while take(0x20) {} }
}
