/// The head of a message as its bytes have it, read in the plainest way: cut at each CRLF, compared by string.
///
/// Shares no code with the parsers and looks at whole heads only. Nil when a rule of RFC 9112 §2.2, §5 is broken.
struct HeadOracle {
    struct Field: Equatable {
        var name: String
        var value: [UInt8]
    }

    private static let token = Set(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8
    )

    /// The parts of the first line between single spaces; a reason counts as one.
    let line: [ArraySlice<UInt8>]
    let fields: [Field]

    init?(_ head: ArraySlice<UInt8>) {
        guard let lines = Self.lines(head), lines.count >= 3, lines.suffix(2).allSatisfy(\.isEmpty) else { return nil }
        line = lines[0].split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        var fields: [Field] = []
        for line in lines[1..<(lines.count - 2)] {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy({ Self.token.contains($0) })
            else { return nil }
            let blanks: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
            let value = line[(colon + 1)...].drop(while: blanks).reversed().drop(while: blanks).reversed()
            fields.append(Field(name: String(decoding: line[..<colon], as: UTF8.self), value: Array(value)))
        }
        self.fields = fields
    }

    /// The texts between CRLF and CRLF; nil when there is a control character besides the tab.
    private static func lines(_ head: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var lines: [ArraySlice<UInt8>] = []
        var start = head.startIndex
        var index = start
        while index < head.endIndex {
            let byte = head[index]
            if byte == 0x0D {
                guard index + 1 < head.endIndex, head[index + 1] == 0x0A else { return nil }
                lines.append(head[start..<index])
                index += 2
                start = index
                continue
            }
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { return nil }
            index += 1
        }
        // The empty text behind the last CRLF, so that a head ends with two empty ones.
        lines.append(head[start...])
        return lines
    }

    static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { token.contains($0) }
    }

    /// The values of all field lines of that name, which is in lower case.
    func values(_ name: String) -> [[UInt8]] { fields.filter { $0.name.lowercased() == name }.map(\.value) }
}

/// A chunked body decoded in the plainest way, RFC 9112 §7.1: nil when it is malformed or breaks off.
///
/// For bodies that stay far below the limits of extensions and trailers.
struct ChunkOracle: Equatable {
    var content: [UInt8] = []
    var byteCount = 0

    init?(_ bytes: [UInt8]) {
        while true {
            guard let line = Self.takeLine(bytes, &byteCount), let size = Self.size(line) else { return nil }
            if size == 0 { break }
            guard size <= bytes.count - byteCount - 2 else { return nil }
            content += bytes[byteCount..<(byteCount + size)]
            byteCount += size
            guard bytes[byteCount] == 0x0D, bytes[byteCount + 1] == 0x0A else { return nil }
            byteCount += 2
        }
        while let line = Self.takeLine(bytes, &byteCount) {
            if line.isEmpty { return }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), HeadOracle.isToken(line[..<colon]) else {
                return nil
            }
        }
        return nil
    }

    /// What stands before the next CRLF; nil when there is none, or a control character before it.
    private static func takeLine(_ bytes: [UInt8], _ position: inout Int) -> ArraySlice<UInt8>? {
        guard let end = bytes[position...].firstIndex(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }),
            end + 1 < bytes.count, bytes[end] == 0x0D, bytes[end + 1] == 0x0A
        else { return nil }
        defer { position = end + 2 }
        return bytes[position..<end]
    }

    private static func size(_ line: ArraySlice<UInt8>) -> Int? {
        var digits = line
        if let semicolon = line.firstIndex(of: UInt8(ascii: ";")) {
            digits = line[..<semicolon]
            while let last = digits.last, last == 0x20 || last == 0x09 { digits.removeLast() }
        }
        guard (1...15).contains(digits.count), digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-")
        else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
