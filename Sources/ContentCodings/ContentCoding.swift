/// A content coding that can be undone: RFC 9110 §8.4.1.
public enum ContentCoding: Sendable, Equatable {
    /// RFC 1952: one member or several, one behind the other.
    case gzip
    /// RFC 1950, or RFC 1951 without its frame, which some servers take this name for (RFC 9110 §8.4.1.2).
    case deflate

    /// Servers apply one; content with more than this many is treated as one that cannot be undone.
    private static let codingsMax = 4

    /// The codings that a `Content-Encoding` names, in the order in which they were applied; without `identity`.
    ///
    /// - Parameter field: its field lines, joined by commas (RFC 9110 §5.2).
    /// - Returns: nil when one of them is not known here, or when there are too many.
    public static func list(_ field: [UInt8]) -> [ContentCoding]? {
        var codings: [ContentCoding] = []
        for element in field.split(separator: UInt8(ascii: ",")) {
            switch String(decoding: element, as: UTF8.self).lowercased().trimmed {
            case "", "identity": continue
            // RFC 9110 §8.4.1.3: the two are equivalent.
            case "gzip", "x-gzip": codings.append(.gzip)
            case "deflate": codings.append(.deflate)
            default: return nil
            }
        }
        return codings.count <= codingsMax ? codings : nil
    }
}

extension String {
    /// Without the white space that may surround an element of a list (RFC 9110 §5.6.1).
    fileprivate var trimmed: Substring {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return text
    }
}

/// Why a content cannot be undone.
public enum ContentFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// It ends before its coding does.
    case truncated
    /// It is not what its coding says, or its checksum is wrong.
    case malformed
    /// Undone it is longer than the caller takes.
    case tooLong
    /// It grows far beyond what any text does.
    case bomb
    /// zlib has no memory.
    case noMemory

    /// For the log; holds nothing of the content.
    public var description: String {
        switch self {
        case .truncated: "the encoded body is cut off"
        case .malformed: "the encoded body is malformed"
        case .tooLong: "the decoded body is longer than it may be"
        case .bomb: "the decoded body is out of all proportion to the encoded one"
        case .noMemory: "there is no memory to decode the body"
        }
    }
}
