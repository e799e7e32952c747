import Glibc

/// Bytes written one after the other into memory that is used again: heads of replies, lines of logs. Confined to its
/// owner.
///
/// What `[UInt8]` costs at each of the many small appends (uniqueness, bounds, generic insertion) is what a hit would
/// mostly consist of; here an append is a comparison and a copy. The memory grows as needed and never shrinks, so an
/// owner writes messages of bounded length.
public struct ByteWriter: ~Copyable {
    @usableFromInline
    var base: UnsafeMutablePointer<UInt8>  // owned: deallocated in deinit and when it grows
    @usableFromInline
    var capacity: Int
    @usableFromInline
    var written = 0

    /// How many bytes were written.
    @inlinable
    public var count: Int { written }

    @inlinable
    public init(capacity: Int) {
        self.capacity = max(16, capacity)
        base = .allocate(capacity: self.capacity)
    }

    @inlinable
    deinit { base.deallocate() }

    /// Forgets what was written and keeps the memory.
    @inlinable
    public mutating func removeAll() { written = 0 }

    /// Lends what was written. It must not be kept beyond `body`.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(Span(_unsafeElements: UnsafeBufferPointer(start: base, count: written)))
    }

    /// A copy of what was written.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: written)) }

    // MARK: Appending

    /// Lends so many bytes behind what was written, all of which `body` fills; they count as written then.
    @inlinable @inline(__always)
    public mutating func append(count room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) {
        reserve(room)
        body(base + written)
        written += room
    }

    /// Lends so many bytes behind what was written; as many count as written then as `body` says it filled.
    @inlinable @inline(__always)
    public mutating func append(atMost room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        reserve(room)
        written += min(body(base + written), room)
    }

    @inlinable
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        base[written] = byte
        written += 1
    }

    /// Inlined, so that a literal is copied by some moves of its known length.
    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    @inlinable
    public mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    @inlinable
    public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        append(start, bytes.count)
    }

    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    /// Not what a literal means: that is a `StaticString`.
    @_disfavoredOverload
    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Appends a number in decimal digits.
    public mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        guard magnitude >= 10 else { return append(UInt8(truncatingIfNeeded: magnitude) + 0x30) }
        let digits = Self.digitCount(magnitude)
        append(count: digits) { text in
            var index = digits
            while magnitude >= 10 {
                let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
                index -= 1
                text[index] = UInt8(truncatingIfNeeded: digit) + 0x30
                magnitude = quotient
            }
            text[index - 1] = UInt8(truncatingIfNeeded: magnitude) + 0x30
        }
    }

    /// How many decimal digits a number has that has two or more.
    private static func digitCount(_ magnitude: UInt64) -> Int {
        var digits = 2
        var bound: UInt64 = 100
        while magnitude >= bound {
            digits += 1
            // 10^19 is the last power that 64 bits hold.
            if digits == 20 { break }
            bound &*= 10
        }
        return digits
    }

    /// Appends the last so many decimal digits of a number, with zeros before it.
    @inlinable
    public mutating func append(lastDigits digits: Int, of value: UInt64) {
        reserve(digits)
        var rest = value
        var index = written + digits
        while index > written {
            index -= 1
            base[index] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        }
        written += digits
    }

    @inlinable @inline(__always)
    mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
        reserve(length)
        memcpy(base + written, start, length)
        written += length
    }

    @inlinable @inline(__always)
    mutating func reserve(_ room: Int) {
        if capacity - written < room { grow(room) }
    }

    @usableFromInline @inline(never)
    mutating func grow(_ room: Int) {
        let larger = max(capacity * 2, written + room)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        memory.update(from: base, count: written)
        base.deallocate()
        base = memory
        capacity = larger
    }
}
