import Glibc

/// A sorter of texts by their bytes, in a time that no choice of texts can inflate: n log n comparisons of eight-byte
/// words, where each byte is part of one word. Confined to its user; its memory is reused.
///
/// A radix sort by words (Bentley and Sedgewick, "Fast algorithms for sorting and searching strings", 1997, with eight
/// bytes for a character): texts are sorted by one word, and only texts that agree in it are compared by their next
/// words. So texts with a common prefix cost no more than reading each of them once.
public struct TextOrder {
    @usableFromInline
    struct Entry {
        /// The eight bytes at the current depth, the first one highest; zeros after the end.
        var word: UInt64 = 0
        /// Its offset in the first memory, or in the second one if the highest bit is set.
        let place: UInt32
        let length: UInt32
        @usableFromInline
        let number: UInt32

        /// The number of bytes from a depth on, capped at 9. Of texts with equal words, zeros included, the one that
        /// ends within the word sorts first; texts that end after it are not distinguished yet.
        @inline(__always)
        func rest(_ depth: Int) -> Int { min(Int(length) - depth, 9) }
    }

    /// The two memories that contain the texts. Lent for a call.
    @safe
    public struct Memories {
        let first, second: UnsafeBufferPointer<UInt8>

        public init(first: UnsafeBufferPointer<UInt8>, second: UnsafeBufferPointer<UInt8>) {
            unsafe self.first = first
            unsafe self.second = second
        }
    }

    /// A range of texts that agree in their first `depth` bytes.
    private struct Part {
        let range: Range<Int>
        let depth: Int
    }

    private static let secondMark: UInt32 = 1 << 31
    /// Parts of up to this many texts are sorted by insertion.
    private static let insertionMax = 16
    /// Memory for up to this many texts is kept from one use to the next.
    private static let keptMax = 1 << 14

    @usableFromInline
    var entries: [Entry] = []
    private var parts: [Part] = []

    public init() {}

    public mutating func removeAll() {
        entries.removeAll(keepingCapacity: entries.capacity <= Self.keptMax)
        parts.removeAll(keepingCapacity: parts.capacity <= Self.keptMax)
    }

    /// Adds a text of fewer than 2^31 bytes.
    ///
    /// - Parameter number: identifies the text.
    public mutating func append(_ number: UInt32, _ range: Range<Int>, inSecond: Bool = false) {
        // Most objects have no more members: the memory is taken once.
        if entries.capacity == 0 { entries.reserveCapacity(Self.insertionMax) }
        let place = UInt32(range.lowerBound)
        entries.append(
            Entry(place: inSecond ? place | Self.secondMark : place, length: UInt32(range.count), number: number)
        )
    }

    /// The numbers of the texts; in sorted order after `sort`.
    @inlinable
    public var numbers: some Sequence<UInt32> { entries.lazy.map(\.number) }

    /// Sorts the texts; false when there was nothing to do, as their first words strictly ascend.
    public mutating func sort(_ memories: Memories) -> Bool {
        let isDone = unsafe entries.withUnsafeMutableBufferPointer { entries in
            var isAscending = true
            var previous: UInt64 = 0
            for index in entries.indices {
                let word = unsafe Self.word(entries[index], 0, memories)
                unsafe entries[index].word = word
                if word <= previous, index > 0 { isAscending = false }
                previous = word
            }
            return isAscending
        }
        if isDone { return false }
        if entries.count <= Self.insertionMax {
            unsafe entries.withUnsafeMutableBufferPointer { unsafe Self.insert($0, 0, memories) }
        } else {
            sortParts(memories)
        }
        return true
    }

    /// Sorts more than `insertionMax` texts whose first words are set.
    private mutating func sortParts(_ memories: Memories) {
        var parts: [Part] = []
        swap(&parts, &self.parts)
        parts.append(Part(range: 0..<entries.count, depth: 0))
        unsafe entries.withUnsafeMutableBufferPointer { entries in
            while let part = parts.popLast() {
                let range = unsafe UnsafeMutableBufferPointer(rebasing: entries[part.range])
                let depth = part.depth
                if depth > 0 {
                    for index in range.indices {
                        unsafe range[index].word = Self.word(range[index], depth, memories)
                    }
                }
                if range.count <= Self.insertionMax {
                    unsafe Self.insert(range, depth, memories)
                } else {
                    var sorting = unsafe range
                    unsafe sorting.sort { $0.word != $1.word ? $0.word < $1.word : $0.rest(depth) < $1.rest(depth) }
                    unsafe Self.split(part, range, into: &parts)
                }
            }
        }
        swap(&parts, &self.parts)
    }

    /// Queues the runs of texts that agree in their word and continue after it.
    private static func split(
        _ part: Part,
        _ entries: UnsafeMutableBufferPointer<Entry>,
        into parts: inout [Part]
    ) {
        var start = 0
        for index in 1...entries.count {
            if index < entries.count, unsafe entries[index].word == entries[start].word,
                unsafe entries[index].rest(part.depth) == entries[start].rest(part.depth)
            {
                continue
            }
            if index - start > 1, unsafe entries[start].rest(part.depth) > 8 {
                let first = part.range.lowerBound
                parts.append(Part(range: (first + start)..<(first + index), depth: part.depth + 8))
            }
            start = index
        }
    }

    private static func insert(_ part: UnsafeMutableBufferPointer<Entry>, _ depth: Int, _ memories: Memories) {
        for index in 0..<part.count {
            let entry = unsafe part[index]
            var place = index
            while place > 0, unsafe part[place - 1].word >= entry.word {
                if unsafe part[place - 1].word == entry.word,
                    unsafe compare(part[place - 1], entry, depth, memories) <= 0
                {
                    break
                }
                unsafe part[place] = part[place - 1]
                place -= 1
            }
            unsafe part[place] = entry
        }
    }

    /// The lowest number of a text that equals a text with a lower number. Call after `sort`.
    public func firstRepeated(_ memories: Memories) -> UInt32? {
        var first: UInt32?
        // The two lowest numbers in the current run of equal texts.
        var (lowest, second) = (UInt32.max, UInt32.max)
        for index in entries.indices {
            let number = entries[index].number
            // Equal texts were sorted by the same words to the end, so texts with different words need no comparison.
            if index > 0, entries[index].word == entries[index - 1].word,
                entries[index].length == entries[index - 1].length,
                Self.compare(entries[index - 1], entries[index], 0, memories) == 0
            {
                second = min(second, max(lowest, number))
                lowest = min(lowest, number)
                first = min(first ?? second, second)
            } else {
                (lowest, second) = (number, .max)
            }
        }
        return first
    }

    // MARK: Texts

    @inline(__always)
    private static func memory(_ entry: Entry, _ memories: Memories) -> UnsafeBufferPointer<UInt8> {
        unsafe entry.place & secondMark == 0 ? memories.first : memories.second
    }

    @inline(__always)
    private static func start(_ entry: Entry, _ memories: Memories) -> UnsafePointer<UInt8> {
        // A compared text has bytes, or none of them are read.
        unsafe memory(entry, memories).baseAddress! + Int(entry.place & ~secondMark)
    }

    /// The eight bytes from `depth` on, the first one highest, with zeros after the text's end.
    @inline(__always)
    private static func word(_ entry: Entry, _ depth: Int, _ memories: Memories) -> UInt64 {
        let rest = max(Int(entry.length) &- depth, 0)
        let memory = unsafe memory(entry, memories)
        let begin = Int(entry.place & ~secondMark) &+ min(depth, Int(entry.length))
        if begin &+ 8 <= memory.count {
            let raw = unsafe UnsafeRawPointer(memory.baseAddress!).loadUnaligned(fromByteOffset: begin, as: UInt64.self)
            // A shift by 64 gives 0, which clears the bytes after an empty text.
            return rest >= 8 ? UInt64(bigEndian: raw) : UInt64(bigEndian: raw) & ~(UInt64.max >> (8 * rest))
        }
        var word: UInt64 = 0
        for index in 0..<min(rest, 8) { unsafe word |= UInt64(memory[begin &+ index]) << UInt64(56 - 8 * index) }
        return word
    }

    /// Negative, zero or positive as one text sorts before the other, is equal or sorts after it.
    private static func compare(_ one: Entry, _ other: Entry, _ depth: Int, _ memories: Memories) -> Int {
        let length = min(Int(one.length), Int(other.length)) - depth
        let result = unsafe memcmp(start(one, memories) + depth, start(other, memories) + depth, length)
        return result == 0 ? Int(one.length) - Int(other.length) : Int(result)
    }
}
