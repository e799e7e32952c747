import Glibc

extension Span<UInt8> {
    /// Whether both are the same bytes.
    public func hasBytes(of other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBufferPointer { one in
            unsafe other.withUnsafeBufferPointer { other in
                guard let first = one.baseAddress, let second = other.baseAddress else { return true }
                return unsafe memcmp(first, second, one.count) == 0
            }
        }
    }

    /// Whether this byte stands somewhere in it.
    public func contains(_ byte: UInt8) -> Bool {
        unsafe withUnsafeBufferPointer { text in
            guard let start = text.baseAddress else { return false }
            return unsafe memchr(start, Int32(byte), text.count) != nil
        }
    }

    /// Whether `part` stands somewhere in it; false for an empty one.
    public func contains(_ part: Span<UInt8>) -> Bool {
        guard part.count > 0, count >= part.count else { return false }
        return unsafe withUnsafeBufferPointer { text in
            unsafe part.withUnsafeBufferPointer { part in
                guard let start = text.baseAddress, let first = unsafe part.first else { return false }
                let end = unsafe start + (text.count - part.count + 1)
                var position = unsafe UnsafeRawPointer(start)
                while unsafe position < end,
                    let found = unsafe memchr(
                        position,
                        Int32(first),
                        end - position.assumingMemoryBound(to: UInt8.self)
                    )
                {
                    if unsafe memcmp(found, part.baseAddress!, part.count) == 0 { return true }
                    unsafe position = UnsafeRawPointer(found) + 1
                }
                return false
            }
        }
    }
}
