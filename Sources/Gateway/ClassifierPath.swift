import HTTPMessages

/// What a path says of a saved classifier. Pure.
///
/// Two readings, each on the safe side. A question is recognized in one spelling only, since a result must never answer
/// for another classifier. A change is recognized in every spelling that the vendor might take for one: letter case,
/// encoded characters, parameters of a segment and further segments make no difference.
enum ClassifierPath {
    /// The longest identifier whose results are cached, in bytes. The vendor's have 36.
    static let identifierBytesMax = 128

    private static let prefix: StaticString = "/v1/classifiers/"
    private static let suffix: StaticString = "/classify"

    /// The identifier in `/v1/classifiers/{id}/classify`, as it was sent. Nil for any other path, and for an identifier
    /// that is long or has a character that may be encoded: only the unreserved ones have a single spelling (RFC 3986
    /// §2.3).
    static func asked(_ path: Span<UInt8>) -> String? {
        let start = prefix.utf8CodeUnitCount
        let end = path.count - suffix.utf8CodeUnitCount
        guard end > start, end - start <= identifierBytesMax, has(path, prefix, at: 0), has(path, suffix, at: end)
        else { return nil }
        let identifier = (start..<end).map { path[$0] }
        guard identifier.allSatisfy(isUnreserved) else { return nil }
        return String(decoding: identifier, as: UTF8.self)
    }

    /// The identifier of the classifier that a request may change, decoded; nil if it changes none that has results.
    ///
    /// Any method but the safe ones (RFC 9110 §9.2.1) may change it, and any path below it may be about it, except that
    /// a classification is a question.
    static func changed(_ method: HTTPMethod, _ path: Span<UInt8>) -> String? {
        switch method {
        case .get, .head, .options, .connect, .trace: return nil
        case .post, .put, .delete, .patch, .unknown: break
        }
        let segments = decoded(path).split(separator: UInt8(ascii: "/")).map { segment in
            segment.prefix { $0 != UInt8(ascii: ";") }
        }
        guard segments.count >= 3, isNamed(segments[0], "v1"), isNamed(segments[1], "classifiers") else { return nil }
        if method == .post, segments.count == 4, isNamed(segments[3], "classify") { return nil }
        // No result has another identifier than these.
        guard segments[2].count <= identifierBytesMax, segments[2].allSatisfy(isUnreserved) else { return nil }
        return String(decoding: segments[2], as: UTF8.self)
    }

    /// The path with its encoded characters decoded, once.
    private static func decoded(_ path: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "%"), index + 2 < path.count,
                let high = digit(path[index + 1]), let low = digit(path[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(path[index])
                index += 1
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46, 0x61...0x66: (byte | 0x20) - 0x57
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func has(_ path: Span<UInt8>, _ text: StaticString, at start: Int) -> Bool {
        guard path.count - start >= text.utf8CodeUnitCount else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { path[start + $0] == text.utf8Start[$0] }
    }

    /// Whether a segment is this name, in any letter case.
    private static func isNamed(_ segment: ArraySlice<UInt8>, _ name: String) -> Bool {
        segment.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } == Array(name.utf8)
    }
}
