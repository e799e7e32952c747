/// What could not be written at once, in order. Confined to the connection's loop.
struct OutputQueue {
    private struct Chunk {
        var bytes: [UInt8]
        var sent: Int
    }

    private var chunks: [Chunk] = []
    private var first = 0
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    /// Appends `bytes` but their first `sent`. The array is kept, not copied.
    mutating func append(_ bytes: [UInt8], sent: Int = 0) {
        guard sent < bytes.count else { return }
        chunks.append(Chunk(bytes: bytes, sent: sent))
        byteCount += bytes.count - sent
    }

    /// Appends a copy of `bytes` but their first `sent`.
    mutating func append(copying bytes: UnsafeRawBufferPointer, sent: Int = 0) {
        guard sent < bytes.count else { return }
        append(unsafe Array(UnsafeRawBufferPointer(rebasing: bytes[sent...])))
    }

    /// Hands the front of the queue to `write` and drops what it took. Only on a queue that is not empty.
    mutating func writeFront(_ write: (UnsafeRawBufferPointer) -> TransferResult) -> TransferResult {
        let chunk = chunks[first]
        let result = unsafe chunk.bytes.withUnsafeBytes { bytes in
            unsafe write(UnsafeRawBufferPointer(rebasing: bytes[chunk.sent...]))
        }
        if case .bytes(let count) = result { drop(count) }
        return result
    }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        chunks[first].sent += count
        guard chunks[first].sent == chunks[first].bytes.count else { return }
        chunks[first].bytes = []
        first += 1
        if first == chunks.count {
            chunks.removeAll(keepingCapacity: chunks.capacity <= 16)
            first = 0
        } else if first >= 64 {
            chunks.removeFirst(first)
            first = 0
        }
    }

    mutating func removeAll() {
        chunks = []
        first = 0
        byteCount = 0
    }
}
