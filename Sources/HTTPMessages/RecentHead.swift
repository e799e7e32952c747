import Glibc

/// The bytes of the last whole head, by which an equal one is known again. Clients of an API send the same head with
/// one request after the other.
///
/// What a head means follows from its bytes up to the empty line alone, so one that begins with the bytes of an
/// accepted head, its empty line included, is that head, whatever comes behind it.
struct RecentHead: Sendable {
    /// Longer heads are not kept, so that a parser's memory stays small.
    static let byteCountMax = 1_024

    private var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }

    mutating func forget() { bytes.removeAll(keepingCapacity: true) }

    /// - Parameter head: all bytes of the message up to and with the empty line.
    mutating func keep(_ head: UnsafeBufferPointer<UInt8>) {
        bytes.removeAll(keepingCapacity: true)
        if head.count <= Self.byteCountMax { unsafe bytes.append(contentsOf: head) }
    }

    /// Whether `message` begins with the kept head.
    func begins(_ message: UnsafeBufferPointer<UInt8>) -> Bool {
        guard message.count >= bytes.count, let start = message.baseAddress else { return false }
        return unsafe bytes.withUnsafeBufferPointer { kept in
            guard let known = kept.baseAddress else { return false }
            return unsafe memcmp(known, start, kept.count) == 0
        }
    }
}
