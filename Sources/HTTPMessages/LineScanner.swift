/// Reads single lines of a head out of the bytes that have come so far. No state: a line that is not whole yet is
/// read again from its beginning when more has come, unless `mayComplete` says that this cannot help.
///
/// All reading of raw memory in this room happens here, in `RequestParser` and in `ResponseParser`, within the closure
/// that lends it; each index is compared with the count before it is used.
enum LineScanner {
    enum Line {
        case incomplete
        /// The line that ends the section; what follows begins at `next`.
        case empty(next: Int)
        case field(FieldLine, next: Int)
        case refused(HeadFault)
    }

    /// One field line, or the empty line, that begins at `start`.
    @inline(__always)
    static func fieldLine(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int, _ table: KnownFieldTable) -> Line {
        let count = bytes.count
        var index = unsafe endOfName(bytes, from: start)
        guard index < count else { return .incomplete }
        let nameEnd = index
        guard unsafe bytes[index] == UInt8(ascii: ":") else { return unsafe afterName(bytes, start, index) }
        guard nameEnd > start else { return .refused(.emptyFieldName) }
        index += 1
        while index < count, unsafe isBlank(bytes[index]) { index += 1 }
        let valueStart = index
        index = unsafe endOfText(bytes, from: index)
        guard index < count else { return .incomplete }
        guard unsafe bytes[index] == 0x0D else {
            return unsafe .refused(bytes[index] == 0x0A ? .bareLineFeed : .controlCharacter)
        }
        guard index + 1 < count else { return .incomplete }
        guard unsafe bytes[index + 1] == 0x0A else { return .refused(.bareCarriageReturn) }
        var valueEnd = index
        while valueEnd > valueStart, unsafe isBlank(bytes[valueEnd - 1]) { valueEnd -= 1 }
        let known = unsafe table.find(UnsafeBufferPointer(rebasing: bytes[start..<nameEnd]))
        let line = FieldLine(
            name: ByteRange(start, nameEnd),
            value: ByteRange(valueStart, valueEnd),
            known: known
        )
        return .field(line, next: index + 2)
    }

    /// The index of the next byte that no token has, RFC 9110 §5.6.2; the count if there is none. Letters and hyphens,
    /// which most names consist of, are passed over eight at a time.
    @inline(__always)
    private static func endOfName(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = unsafe UnsafeRawPointer(bytes.baseAddress!)
        var index = start
        while index + 8 <= bytes.count {
            let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let others = otherMarks(UInt64(littleEndian: word))
            if others != 0 {
                index += others.trailingZeroBitCount / 8
                break
            }
            index += 8
        }
        let token = CharacterClass.token
        while index < bytes.count, unsafe token.contains(bytes[index]) { index += 1 }
        return index
    }

    /// The high bit of each byte that is neither a letter nor a hyphen. No sum carries into the next byte: the high
    /// bits are left out of them.
    @inline(__always)
    private static func otherMarks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let low = word & ~highs
        let folded = low | ones &* 0x20
        // The high bit is set from `a` on, and from the character after `z` on.
        let letters = (folded &+ ones &* (0x80 - 0x61)) & ~(folded &+ ones &* (0x80 - 0x7B))
        // It is clear where nothing is left of a hyphen.
        let notHyphen = (low ^ ones &* 0x2D) &+ ones &* 0x7F
        return (~letters & notHyphen | word) & highs
    }

    /// What is where a field name ended without a colon: the empty line, or what is wrong.
    private static func afterName(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ index: Int) -> Line {
        switch unsafe bytes[index] {
        case 0x0D where index == start:
            guard index + 1 < bytes.count else { return .incomplete }
            return unsafe bytes[index + 1] == 0x0A ? .empty(next: index + 2) : .refused(.bareCarriageReturn)
        case 0x0D: return .refused(.noColon)
        case 0x0A: return .refused(.bareLineFeed)
        case 0x20, 0x09: return unsafe index == start ? .refused(.foldedLine) : spaceAfterName(bytes, index)
        default: return .refused(.fieldNameNotToken)
        }
    }

    /// What follows the white space decides what is said about it, so that it is the same for any split.
    private static func spaceAfterName(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Line {
        var index = index
        while index < bytes.count, unsafe isBlank(bytes[index]) { index += 1 }
        guard index < bytes.count else { return .incomplete }
        return unsafe .refused(bytes[index] == UInt8(ascii: ":") ? .spaceBeforeColon : .fieldNameNotToken)
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The index of the next control character other than HTAB, eight bytes at a time; the count if there is none.
    @inline(__always)
    static func endOfText(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = unsafe UnsafeRawPointer(bytes.baseAddress!)
        var index = start
        while index + 8 <= bytes.count {
            let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            var marks = controlMarks(UInt64(littleEndian: word))
            while marks != 0 {
                let found = index + marks.trailingZeroBitCount / 8
                // A borrow in `controlMarks` can mark a byte above a real one; only the byte itself decides.
                if unsafe isControl(bytes[found]) { return found }
                marks &= marks - 1
            }
            index += 8
        }
        while index < bytes.count, unsafe !isControl(bytes[index]) { index += 1 }
        return index
    }

    @inline(__always)
    private static func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 0x09) || byte == 0x7F }

    /// The high bit of each byte that is below 0x20 or is 0x7F; bytes above 0x7F are text (obs-text).
    @inline(__always)
    private static func controlMarks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let below = (word &- ones &* 0x20) & ~word & highs
        let deletes = word ^ (ones &* 0x7F)
        return below | ((deletes &- ones) & ~deletes & highs)
    }

    /// Whether a line that was incomplete up to `scanned` can be whole now: only a control character ends it. What else
    /// is wrong with a line that comes in pieces is told then, or when the head is too large or too slow. Moves
    /// `scanned`, so that a line that comes byte by byte is not read again for each.
    @inline(__always)
    static func mayComplete(_ bytes: UnsafeBufferPointer<UInt8>, scanned: inout Int) -> Bool {
        if scanned >= bytes.count { return false }
        let found = unsafe endOfText(bytes, from: scanned)
        scanned = found
        return found < bytes.count
    }
}
