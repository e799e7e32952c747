import Keying
import Upstream
import Vocabulary

/// How the content of a reply that is passed through reaches the client, and what it says of credits. Pure; not copied,
/// since each reference in it would be counted.
///
/// - P1: What a client was told is on disk. A JSON reply of a request that reserved credits is held until it has ended
///   and its settlement is durable. Any other JSON reply streams past, but its end is held until what it charges is
///   durable.
/// - P2: At most `readBytesMax` are kept, and only while there is memory for them. A longer reply is passed on unread
///   from there on, whatever it says.
/// - P3: A reply without a type may be JSON (RFC 9110 §8.3): it counts as such if it begins like an object.
struct PassageReply: ~Copyable {
    static let readBytesMax = 1024 * 1024
    /// What is kept of a reply that announces no more is not taken from the clients' memory: it is there for a moment.
    static let smallBytesMax: Int64 = 16 * 1024

    let head: PassageReplyHead
    /// Whether nothing of it may be sent before the end.
    private(set) var isHeld: Bool
    /// The content so far, of a reply that is read; nil for one that is not.
    private var kept: [UInt8]?
    /// The last piece of a reply whose length is known, until it may be sent.
    private var lastPiece: [UInt8] = []
    private var receivedCount: Int64 = 0
    private var beginning = ObjectBeginning()

    /// - Parameter isReserved: whether the request has reserved credits.
    init(_ head: PassageReplyHead, isReserved: Bool) {
        self.head = head
        let mayBeJSON = head.isJSON || !head.hasType
        let isRead = mayBeJSON && head.hasContent && head.length ?? 0 <= Self.readBytesMax
        kept = isRead ? [] : nil
        isHeld = isRead && isReserved
    }

    /// Whether what it says of credits will be known at its end.
    var isRead: Bool { kept != nil }

    /// Whether its end is awaited when the client has left: it will say what it costs. Without content it is complete
    /// in a moment, and its connection can be used again.
    var isAwaited: Bool { isRead || !head.hasContent }

    /// Takes the next piece of content; returns what may be sent of it, and of what was held.
    ///
    /// - Parameter isKept: whether there is memory to keep it, if the reply is read.
    mutating func receive(_ content: [UInt8], isKept: Bool = true) -> [UInt8] {
        receivedCount += Int64(content.count)
        guard var kept = self.kept.take() else { return content }
        if kept.isEmpty { kept = content } else { kept += content }
        guard isKept, kept.count <= Self.readBytesMax, head.hasType || mayBeObject(kept) else {
            defer { isHeld = false }
            return isHeld ? kept : content
        }
        self.kept = kept
        if isHeld { return [] }
        guard receivedCount == head.length else { return content }
        lastPiece = content
        return []
    }

    /// Whether content of no type begins like an object of JSON; what is encoded may.
    private mutating func mayBeObject(_ content: [UInt8]) -> Bool {
        head.contentEncoding != nil || beginning.mayBeObject(content)
    }

    /// What the reply, which is complete, says of credits. A reply that was not read says nothing.
    @inline(__always)
    var credits: ClassifyReply.Credits {
        guard let kept, let content = head.decoded(kept, bytesMax: Self.readBytesMax) else { return .missing }
        return ClassifyReply.readCredits(content.span)
    }

    /// Whether the reply, which is complete, says that the vendor did not do what was asked. Not for one that was not read.
    var hasFailed: Bool {
        guard let kept, let content = head.decoded(kept, bytesMax: Self.readBytesMax) else { return false }
        return ClassifyReply.read(content.span).hasFailed
    }

    /// What is left to send once the end may be: all content of a held reply.
    mutating func takeRest() -> [UInt8] {
        defer { (kept, lastPiece) = (nil, []) }
        return isHeld ? kept ?? [] : lastPiece
    }
}
