public import Vocabulary

/// What the body of a vendor's 200 to a classify request says. Immutable.
public struct ClassifyReply: Sendable, Equatable {
    /// What stands in `credits_used`.
    public enum Credits: Sendable, Equatable {
        case missing
        /// Negative, no number, finer than a millionth, or beyond all measure.
        case unsound
        case sound(MicroCredits)
    }

    /// What is to be done with the reply: FAULTS §3, contract §4.
    public enum Verdict: Sendable, Equatable {
        /// A result that may be stored.
        case storable(MicroCredits)
        /// `request_status` failed or exception: passed on, charged at what it says, nothing when it says nothing.
        case failedReply(MicroCredits)
        /// Completed, but nobody can say what it cost: passed on, not stored.
        case unsoundCredits
        /// Sound credits, but not a result for this question: passed on, not stored.
        case passedOnUnstored(MicroCredits)
        /// No answer to this request: 502.
        case invalid(String)
    }

    /// False when the body is not one strict JSON object.
    public private(set) var isObject = false
    public private(set) var requestStatus: String?
    /// In lower case when it is a UUID.
    public private(set) var documentID: String?
    public private(set) var classification: String?
    public private(set) var credits = Credits.missing
    /// Where the number of `credits_used` stands in the body; nil unless it is a number.
    public private(set) var creditsRange: Range<Int>?
    public private(set) var pageCount: Int?

    private init() {}

    /// Reads a body; whatever it is, the verdict says what follows.
    public static func read(_ body: Span<UInt8>) -> ClassifyReply {
        body.withUnsafeBufferPointer { bytes in
            var reply = ClassifyReply()
            var json = StrictJSON()
            do throws(JSONFault) { try json.read(bytes) } catch { return reply }
            guard json.tape.nodes[0].kind == .object else { return reply }
            reply.isObject = true
            json.tape.forEachMember(of: 0) { name, value in
                reply.take(json.tape.nodes[name], json.tape.nodes[value], bytes)
            }
            return reply
        }
    }

    /// What an error body says it cost; nil when it does not say, or not soundly.
    public static func creditsOfError(_ body: Span<UInt8>) -> MicroCredits? {
        guard case .sound(let credits) = read(body).credits else { return nil }
        return credits
    }

    private mutating func take(_ name: JSONTape.Node, _ value: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) {
        let text = value.kind == .string ? JSONContent.bytes(value, bytes) : nil
        if JSONContent.equals(name, "request_status", bytes) {
            requestStatus = text.map { String(decoding: $0, as: UTF8.self) }
        } else if JSONContent.equals(name, "document_id", bytes) {
            documentID = text.map { String(decoding: DocumentID.canonical($0) ?? $0, as: UTF8.self) }
        } else if JSONContent.equals(name, "classification", bytes) {
            classification = text.map { String(decoding: $0, as: UTF8.self) }
        } else if JSONContent.equals(name, "num_pages", bytes) {
            pageCount = value.kind == .number ? Int(String(decoding: bytes[value.range], as: UTF8.self)) : nil
        } else if JSONContent.equals(name, "credits_used", bytes) {
            takeCredits(value, bytes)
        }
    }

    private mutating func takeCredits(_ value: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) {
        credits = .unsound
        guard value.kind == .number else { return }
        creditsRange = value.range
        if let amount = MicroCredits(jsonNumber: bytes[value.range]) { credits = .sound(amount) }
    }

    /// What is to be done with the reply to a request for this document and these labels.
    public func verdict(documentID asked: String, labels: [[UInt8]]) -> Verdict {
        guard isObject else { return .invalid("the body is not a JSON object") }
        guard let requestStatus else { return .invalid("the body has no request_status") }
        if requestStatus == "failed" || requestStatus == "exception" {
            return isAboutAnother(asked) ? .invalid("the reply is about another document") : failureVerdict
        }
        guard let documentID, documentID.utf8.elementsEqual(asked.utf8) else {
            return .invalid("the reply is about another document")
        }
        guard let classification else { return .invalid("the reply has no classification") }
        guard case .sound(let credits) = credits else { return .unsoundCredits }
        guard requestStatus == "completed", labels.contains(where: { $0.elementsEqual(classification.utf8) }) else {
            return .passedOnUnstored(credits)
        }
        return .storable(credits)
    }

    /// Whether a document is named that was not asked about; what failed need not name one.
    private func isAboutAnother(_ asked: String) -> Bool {
        guard let documentID, DocumentID.canonical(Array(documentID.utf8)) != nil else { return false }
        return !documentID.utf8.elementsEqual(asked.utf8)
    }

    private var failureVerdict: Verdict {
        switch credits {
        case .missing: .failedReply(.zero)
        case .unsound: .unsoundCredits
        case .sound(let credits): .failedReply(credits)
        }
    }
}
