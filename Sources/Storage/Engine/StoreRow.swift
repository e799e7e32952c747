import Vocabulary

/// The present row of a statement: each value is of the type that was written, else the page is damaged.
///
/// Confined like its statement, and of use until the next step.
struct StoreRow {
    private let statement: any PreparedStatement
    /// What the row is about, for the fault: "a team".
    private let name: StaticString

    init(_ statement: any PreparedStatement, about name: StaticString) {
        self.statement = statement
        self.name = name
    }

    var fault: StoreFault { StoreFault(code: .corrupt, detail: "the row of \(name) is damaged in the store") }

    func need<Value>(_ value: Value?) throws(StoreFault) -> Value {
        guard let value else { throw fault }
        return value
    }

    /// What `read` finds in the column; nil for NULL.
    func ifAny<Value>(_ read: (Int32) throws(StoreFault) -> Value, at index: Int32) throws(StoreFault) -> Value? {
        statement.isNull(at: index) ? nil : try read(index)
    }

    func integer(at index: Int32) throws(StoreFault) -> Int64 { try need(statement.integer(at: index)) }

    /// A number that counts something: at least 1.
    func count(at index: Int32) throws(StoreFault) -> Int64 {
        let count = try integer(at: index)
        return try need(count >= 1 ? count : nil)
    }

    func flag(at index: Int32) throws(StoreFault) -> Bool {
        switch try integer(at: index) {
        case 0: false
        case 1: true
        default: throw fault
        }
    }

    func moment(at index: Int32) throws(StoreFault) -> Timestamp { Timestamp(microseconds: try integer(at: index)) }

    func credits(at index: Int32) throws(StoreFault) -> MicroCredits { MicroCredits(micros: try integer(at: index)) }

    func text(at index: Int32) throws(StoreFault) -> String { try need(statement.text(at: index)) }

    /// One of the words that there are for a column.
    func word<Word: RawRepresentable<String>>(at index: Int32) throws(StoreFault) -> Word {
        try need(Word(rawValue: try text(at: index)))
    }

    func bytes(at index: Int32) throws(StoreFault) -> [UInt8] { try need(statement.bytes(at: index)) }

    /// Nil for what is counted for no document.
    func document(at index: Int32) throws(StoreFault) -> PackedDocument? { try need(statement.document(at: index)) }

    func digest(at index: Int32) throws(StoreFault) -> Digest { try need(statement.digest(at: index)) }
}
