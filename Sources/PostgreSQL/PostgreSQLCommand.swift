/// One SQL command with its parameters, $1 and so on, in binary form.
///
/// What cannot be sent is found when it is bound, and thrown by the round trip of which the command is a part.
public struct PostgreSQLCommand: Sendable {
    /// The protocol counts parameters in 16 bits.
    public static let parametersMax = 65_535
    /// All values together; PostgreSQL refuses messages of 1 GiB.
    public static let bytesMax = 1_000_000_000

    /// Object identifiers of types, which are the same on all servers: pg_type.dat.
    enum TypeID {
        static let bool: UInt32 = 16
        static let bytea: UInt32 = 17
        static let name: UInt32 = 19
        static let int8: UInt32 = 20
        static let int2: UInt32 = 21
        static let int4: UInt32 = 23
        static let text: UInt32 = 25
        static let json: UInt32 = 114
        static let unknown: UInt32 = 705
        static let bpchar: UInt32 = 1042
        static let varchar: UInt32 = 1043
    }

    let sql: String
    private(set) var types: [UInt32] = []
    /// Of the values in `packed`; -1 for NULL.
    private(set) var lengths: [Int32] = []
    /// The values one behind the other.
    private(set) var packed: [UInt8] = []
    /// Why it cannot be sent.
    private(set) var fault: String?

    /// - Parameter sql: one command. A literal is not copied. Values belong in parameters.
    public init(_ sql: String) {
        self.sql = sql
        if sql.utf8.contains(0) { fault = "the text of a command contains the character NUL" }
    }

    /// Whether it ends a transaction whose changes are to stay.
    var isCommit: Bool { firstWord == "commit" || firstWord == "end" }

    /// Whether it begins a transaction.
    var isBegin: Bool { firstWord == "begin" || firstWord == "start" }

    private var firstWord: String { sql.drop(while: \.isWhitespace).prefix { $0.isLetter }.lowercased() }

    /// How many bytes it takes to send it, about, and in memory.
    public var byteCount: Int { sql.utf8.count + packed.count + 8 * types.count + 64 }

    /// `bigint`; the types of smaller numbers take it where SQL converts by assignment.
    public mutating func bind(_ value: Int64?) {
        guard let value else { return appendNull(TypeID.int8) }
        append(TypeID.int8, byteCount: 8) { packed in
            for shift in stride(from: 56, through: 0, by: -8) {
                packed.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
    }

    /// `text`. PostgreSQL cannot hold the character NUL.
    public mutating func bind(_ text: String?) {
        guard var text else { return appendNull(TypeID.text) }
        let hasNUL = text.withUTF8 { unsafe $0.contains(0) }
        append(TypeID.text, byteCount: text.utf8.count) { $0.append(contentsOf: text.utf8) }
        if hasNUL { note("parameter $\(types.count) is a text with the character NUL, which PostgreSQL cannot hold") }
    }

    /// `bytea`.
    public mutating func bind(_ bytes: [UInt8]?) {
        guard let bytes else { return appendNull(TypeID.bytea) }
        append(TypeID.bytea, byteCount: bytes.count) { $0.append(contentsOf: bytes) }
    }

    private mutating func appendNull(_ type: UInt32) {
        guard hasRoom(byteCount: 0) else { return }
        types.append(type)
        lengths.append(-1)
    }

    private mutating func append(_ type: UInt32, byteCount: Int, _ write: (inout [UInt8]) -> Void) {
        guard hasRoom(byteCount: byteCount) else { return }
        types.append(type)
        lengths.append(Int32(byteCount))
        write(&packed)
    }

    private mutating func hasRoom(byteCount: Int) -> Bool {
        guard types.count < Self.parametersMax else {
            note("a command has more than \(Self.parametersMax) parameters")
            return false
        }
        guard byteCount <= Self.bytesMax - packed.count else {
            note("the parameters of a command have more than \(Self.bytesMax) bytes")
            return false
        }
        return true
    }

    private mutating func note(_ fault: String) {
        if self.fault == nil { self.fault = fault }
    }
}
