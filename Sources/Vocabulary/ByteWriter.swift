import Glibc

/// An append-only byte buffer whose memory is reused: heads of replies, lines of logs. Confined to its owner.
///
/// With `[UInt8]` the cost of many small appends (uniqueness, bounds, generic insertion) would dominate a hit; here an
/// append is a comparison and a copy. The memory grows as needed and never shrinks, so an owner should write messages
/// of bounded length.
///
/// Safe because `written <= capacity` holds for the owned memory: each append reserves first.
@safe
public struct ByteWriter: ~Copyable {
    @usableFromInline
    var base: UnsafeMutablePointer<UInt8>  // owned: deallocated in deinit and when it grows
    @usableFromInline
    var capacity: Int
    @usableFromInline
    var written = 0

    /// The number of bytes written.
    @inlinable
    public var count: Int { written }

    @inlinable
    public init(capacity: Int) {
        self.capacity = max(16, capacity)
        unsafe base = .allocate(capacity: self.capacity)
    }

    @inlinable
    deinit { unsafe base.deallocate() }

    /// Discards the content and keeps the memory.
    @inlinable
    public mutating func removeAll() { written = 0 }

    /// Lends the content, which must not be used after `body` returns.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(Span(_unsafeElements: UnsafeBufferPointer(start: base, count: written)))
    }

    /// A copy of the content.
    public var bytes: [UInt8] { unsafe Array(UnsafeBufferPointer(start: base, count: written)) }

    // MARK: Appending

    /// Lends `room` bytes after the content; `body` must fill all of them, and they are appended.
    @inlinable @inline(__always)
    public mutating func append(count room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) {
        reserve(room)
        unsafe body(base + written)
        written += room
    }

    /// Lends `room` bytes after the content; `body` returns how many it filled, and those are appended.
    @inlinable @inline(__always)
    public mutating func append(atMost room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        reserve(room)
        unsafe written += min(body(base + written), room)
    }

    @inlinable
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe base[written] = byte
        written += 1
    }

    /// Inlined, so that a literal is copied by a few moves of known length.
    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) { unsafe append(text.utf8Start, text.utf8CodeUnitCount) }

    @inlinable
    public mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    @inlinable
    public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        unsafe append(start, bytes.count)
    }

    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
    }

    /// Not chosen for a literal, which is a `StaticString`.
    @_disfavoredOverload
    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append($0) }
    }

    /// Appends a number in decimal digits.
    public mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        guard magnitude >= 10 else { return append(UInt8(truncatingIfNeeded: magnitude) + 0x30) }
        let digits = Self.digitCount(magnitude)
        unsafe append(count: digits) { text in
            var index = digits
            while magnitude >= 10 {
                let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
                index -= 1
                unsafe text[index] = UInt8(truncatingIfNeeded: digit) + 0x30
                magnitude = quotient
            }
            unsafe text[index - 1] = UInt8(truncatingIfNeeded: magnitude) + 0x30
        }
    }

    /// The number of decimal digits of a number that has at least two.
    private static func digitCount(_ magnitude: UInt64) -> Int {
        var digits = 2
        var bound: UInt64 = 100
        while magnitude >= bound {
            digits += 1
            // 10^19 is the greatest power of ten in 64 bits.
            if digits == 20 { break }
            bound &*= 10
        }
        return digits
    }

    /// Appends the last `digits` decimal digits of a number, padded with zeros.
    @inlinable
    public mutating func append(lastDigits digits: Int, of value: UInt64) {
        reserve(digits)
        var rest = value
        var index = written + digits
        while index > written {
            index -= 1
            unsafe base[index] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        }
        written += digits
    }

    @inlinable @inline(__always)
    mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
        reserve(length)
        unsafe memcpy(base + written, start, length)
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
        unsafe memory.update(from: base, count: written)
        unsafe base.deallocate()
        unsafe base = memory
        capacity = larger
    }
}
