/// The seeds of a target: a text file with one input a line, `name: bytes`. Lines that begin with `#` are comments.
///
/// Printable ASCII stands for itself, a backslash begins `\n`, `\r`, `\t`, `\\` or `\xHH`. So what is no text is
/// reviewed as text.
struct SeedFile {
    struct Seed {
        let name: String
        let input: [UInt8]
    }

    /// What is wrong with a line.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    let seeds: [Seed]

    init(_ text: String) throws(Fault) {
        var seeds: [Seed] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":"), line[line.index(after: colon)...].hasPrefix(" ") else {
                throw Fault(description: "no name and colon: \(line)")
            }
            let name = String(line[..<colon])
            guard !seeds.contains(where: { $0.name == name }) else { throw Fault(description: "two seeds \(name)") }
            seeds.append(Seed(name: name, input: try Self.bytes(line[colon...].dropFirst(2))))
        }
        self.seeds = seeds
    }

    private static func bytes(_ text: Substring) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard (0x20...0x7E).contains(byte) else { throw Fault(description: "not printable ASCII: \(text)") }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
                else {
                    throw Fault(description: "no two digits behind \\x: \(text)")
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: throw Fault(description: "no such escape: \(text)")
            }
        }
        return bytes
    }

    /// An input as the line of a seed would have it.
    static func escaped(_ input: [UInt8]) -> String {
        input.map { byte in
            switch byte {
            case 0x0A: "\\n"
            case 0x0D: "\\r"
            case 0x09: "\\t"
            case UInt8(ascii: "\\"): "\\\\"
            case 0x20...0x7E: String(decoding: [byte], as: UTF8.self)
            default:
                "\\x" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
