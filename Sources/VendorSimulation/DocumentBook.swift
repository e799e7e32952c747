/// A document of the simulated vendor.
struct DocumentRecord: Equatable, Sendable {
    enum State: String, Sendable, CaseIterable {
        case ready
        case notOCRed = "not_ocred"
        case unknown
    }

    var pages: Int
    var state: State
    var kind: DocumentKind
}

/// All documents: every UUID is one, derived from its digits unless a control call has set it.
struct DocumentBook: Sendable {
    /// The document of the vendor's sample request: an invoice of two pages.
    static let sampleID = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"
    static let pagesMax = 1_000_000

    /// By identifier in lower case.
    private var changed: [String: DocumentRecord] = [:]

    /// - Parameter id: a UUID in lower case.
    func record(of id: String) -> DocumentRecord {
        if let record = changed[id] { return record }
        if id == DocumentBook.sampleID { return DocumentRecord(pages: 2, state: .ready, kind: .invoice) }
        let sum = id.utf8.reduce(0) { $0 &+ Int($1) }
        let kinds = DocumentKind.allCases
        return DocumentRecord(pages: sum % 10 + 1, state: .ready, kind: kinds[sum / 10 % kinds.count])
    }

    mutating func set(_ record: DocumentRecord, of id: String) { changed[id] = record }
}

/// The kind of a document; decides which category fits.
enum DocumentKind: String, CaseIterable, Sendable {
    case invoice
    case order
    case contract
    case receipt
    case letter
    case report

    /// Keywords, in lower case, in the label or description of a category that fits such a document.
    var keywords: [String] {
        switch self {
        case .invoice: ["invoice", "requesting payment", "bill", "payment"]
        case .order: ["purchase", "order", "buyer", "supplier"]
        case .contract: ["contract", "agreement", "legally", "binding"]
        case .receipt: ["receipt", "proof", "paid", "purchase"]
        case .letter: ["letter", "correspondence", "message", "addressed"]
        case .report: ["report", "statement", "summary", "analysis"]
        }
    }
}

/// Checks of the identifiers of documents.
enum DocumentIdentifier {
    /// `text` in lower case if it is a UUID in its usual form of 36 characters, else nil.
    static func normalised(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            switch (index, byte) {
            case (8, UInt8(ascii: "-")), (13, UInt8(ascii: "-")), (18, UInt8(ascii: "-")), (23, UInt8(ascii: "-")):
                break
            case (8, _), (13, _), (18, _), (23, _): return nil
            case (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "a")...UInt8(ascii: "f")): break
            case (_, UInt8(ascii: "A")...UInt8(ascii: "F")): bytes[index] |= 0x20
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
