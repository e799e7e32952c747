import JSON
public import Vocabulary

/// The content of the vendor's reply to a classify request. Immutable.
///
/// It is read strictly, since only an unambiguous reply may be stored. A body that is not strict JSON is read again,
/// leniently: the client gets it unchanged, and its charge is booked if all readers would find the same number.
public struct ClassifyReply: Sendable, Equatable {
    /// The value of `credits_used`.
    public enum Credits: Sendable, Equatable {
        /// Absent.
        case missing
        /// Present, as null.
        case null
        /// Negative, not a number, out of range, or present twice.
        case unsound
        /// Rounded to the nearest micro-credit, halves up.
        case sound(MicroCredits)
    }

    /// How to handle the reply: `docs/faults.md` §3, `docs/api.md` §2.
    public enum Verdict: Sendable, Equatable {
        /// A result that may be stored.
        case storable(MicroCredits)
        /// `request_status` failed or exception: passed on, charged at its credits, zero when it has none.
        case failedReply(MicroCredits)
        /// The cost is unknown: passed on, not stored.
        case unsoundCredits
        /// Sound credits, but no result that may be stored: passed on; with the reason.
        case passedOnUnstored(MicroCredits, reason: String)
        /// Not an answer to this request: 502; with the reason, and the cost if the reply has one.
        case invalid(String, MicroCredits?)
    }

    /// The members that are read.
    private enum Member: Int, CaseIterable {
        case requestStatus, documentID, classifierID, classification, pageCount, credits

        var name: StaticString {
            switch self {
            case .requestStatus: "request_status"
            case .documentID: "document_id"
            case .classifierID: "classifier_id"
            case .classification: "classification"
            case .pageCount: "num_pages"
            case .credits: "credits_used"
            }
        }
    }

    /// A part of the name `credits_used` whose first byte is rare in texts.
    private static let creditsMark = Array("_used".utf8)

    private enum Content {
        case text([UInt8])
        case number(Range<Int>)
        case null, other
    }

    /// False when the body is not one JSON object, strict or not.
    public private(set) var isObject = false
    /// Whether the body is JSON as of RFC 8259, without duplicate names.
    public private(set) var isStrict = false
    public private(set) var requestStatus: String?
    /// In lower case when it is a UUID.
    public private(set) var documentID: String?
    /// `document_id` is present and is neither null nor a single string.
    private var hasOddDocument = false
    /// The saved classifier that answered; nil when none is named.
    public private(set) var classifierID: String?
    public private(set) var classification: String?
    public private(set) var credits = Credits.missing
    /// The range of the number of `credits_used` in the body; nil unless it is a number.
    public private(set) var creditsRange: Range<Int>?
    public private(set) var pageCount: Int?

    private init() {}

    /// Reads any body; the verdict says how to handle it.
    public static func read(_ body: Span<UInt8>) -> ClassifyReply {
        unsafe body.withUnsafeBufferPointer { bytes in
            var json = StrictJSON()
            do throws(JSONFault) { try unsafe json.read(bytes) } catch { return unsafe readLeniently(bytes) }
            var reply = ClassifyReply()
            guard unsafe json.tape.nodes[0].kind == .object else { return reply }
            reply.isObject = true
            reply.isStrict = true
            json.tape.forEachMember(of: 0) { name, value in
                guard let member = unsafe member(json.tape.nodes[name], bytes) else { return }
                unsafe reply.take(member, content(json.tape.nodes[value], bytes), bytes)
            }
            return reply
        }
    }

    /// What a body says of credits.
    ///
    /// Most bodies say nothing, which is seen without reading them: no reader finds a member in a text that has neither
    /// this part of its name as it stands nor an escape (RFC 8259 §7).
    public static func readCredits(_ body: Span<UInt8>) -> Credits {
        let mayNameThem = body.contains(UInt8(ascii: "\\")) || body.contains(creditsMark.span)
        return mayNameThem ? read(body).credits : .missing
    }

    private static func readLeniently(_ bytes: UnsafeBufferPointer<UInt8>) -> ClassifyReply {
        var reply = ClassifyReply()
        var seen: Set<Member> = []
        var object = unsafe LenientObject(bytes)
        let shape = object.forEachMember { name, value in
            guard let member = unsafe member(name, bytes) else { return }
            if seen.insert(member).inserted {
                unsafe reply.take(member, content(value, bytes), bytes)
            } else {
                unsafe reply.takeAgain(member, content(value, bytes))
            }
        }
        switch shape {
        case .object: reply.isObject = true
        case .objectAndMore: break
        case .broken: return ClassifyReply()
        }
        return reply
    }

    private static func member(_ name: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> Member? {
        guard unsafe JSONContent.isWellFormed(name, bytes) else { return nil }
        return Member.allCases.first { unsafe JSONContent.equals(name, $0.name, bytes) }
    }

    private static func content(_ value: JSONTape.Node, _ bytes: UnsafeBufferPointer<UInt8>) -> Content {
        switch value.kind {
        case .string: unsafe .text(JSONContent.bytes(value, bytes))
        case .number: .number(value.range)
        case .null: .null
        case .object, .array, .yes, .no: .other
        }
    }

    private static func content(_ value: LenientObject.Value, _ bytes: UnsafeBufferPointer<UInt8>) -> Content {
        switch value {
        case .string(let node):
            unsafe JSONContent.isWellFormed(node, bytes) ? .text(JSONContent.bytes(node, bytes)) : .other
        case .number(let range): .number(range)
        case .null: .null
        case .other: .other
        }
    }

    private mutating func take(_ member: Member, _ content: Content, _ bytes: UnsafeBufferPointer<UInt8>) {
        switch member {
        case .requestStatus: requestStatus = Self.text(content)
        case .documentID: takeDocument(content)
        case .classifierID: classifierID = Self.text(content)
        case .classification: classification = Self.text(content)
        case .pageCount:
            if case .number(let range) = content {
                pageCount = unsafe Int(String(decoding: bytes[range], as: UTF8.self))
            }
        case .credits: unsafe takeCredits(content, bytes)
        }
    }

    /// A duplicate member no longer counts, since readers differ about which of the two to take; an equal `document_id`
    /// does.
    private mutating func takeAgain(_ member: Member, _ content: Content) {
        switch member {
        case .requestStatus: requestStatus = nil
        case .documentID:
            let first = documentID
            takeDocument(content)
            if documentID != first { hasOddDocument = true }
        case .classifierID: classifierID = nil
        case .classification: classification = nil
        case .pageCount: pageCount = nil
        case .credits:
            credits = .unsound
            creditsRange = nil
        }
    }

    private static func text(_ content: Content) -> String? {
        guard case .text(let bytes) = content else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func takeDocument(_ content: Content) {
        switch content {
        case .text(let bytes): documentID = String(decoding: DocumentID.canonical(bytes) ?? bytes, as: UTF8.self)
        case .null: documentID = nil
        case .number, .other: hasOddDocument = true
        }
    }

    private mutating func takeCredits(_ content: Content, _ bytes: UnsafeBufferPointer<UInt8>) {
        switch content {
        case .number(let range):
            creditsRange = range
            credits = unsafe MicroCredits(roundingJSONNumber: bytes[range]).map(Credits.sound) ?? .unsound
        case .null: credits = .null
        case .text, .other: credits = .unsound
        }
    }

    // MARK: Verdict

    /// What a reply's classification must be for the reply to be stored.
    public enum Expectation: Sendable {
        /// One of the request's labels.
        case label(of: [[UInt8]])
        /// A label that the vendor knows, of this saved classifier as the path names it.
        case anyLabel(of: String)
    }

    /// How to handle the reply to a request for this document.
    public func verdict(documentID asked: String, expecting expectation: Expectation) -> Verdict {
        guard isObject else { return .invalid("the body is not a JSON object", soundCredits) }
        guard !isAboutAnother(asked, hasFailed: hasFailed) else {
            return .invalid("the reply is about another document", soundCredits)
        }
        if hasFailed { return failureVerdict }
        guard let credits = soundCredits else { return .unsoundCredits }
        if let reason = reasonNotToStore(expectation) { return .passedOnUnstored(credits, reason: reason) }
        return .storable(credits)
    }

    /// Whether it says that the vendor did not do what was asked: without `credits_used` it then costs nothing.
    public var hasFailed: Bool { requestStatus == "failed" || requestStatus == "exception" }

    private var soundCredits: MicroCredits? {
        guard case .sound(let credits) = credits else { return nil }
        return credits
    }

    /// Whether the reply may be about a document other than the requested one. A failed reply may name anything but
    /// another document.
    private func isAboutAnother(_ asked: String, hasFailed: Bool) -> Bool {
        guard let documentID else { return hasOddDocument && !hasFailed }
        if documentID.hasBytes(of: asked) { return hasOddDocument }
        return !hasFailed || DocumentID.canonical(Array(documentID.utf8)) != nil
    }

    private func reasonNotToStore(_ expectation: Expectation) -> String? {
        guard isStrict else { return "the reply is not strict JSON" }
        guard requestStatus == "completed" else { return "the request_status is not completed" }
        guard documentID != nil else { return "the reply names no document" }
        guard let classification else { return "the reply has no classification" }
        switch expectation {
        case .label(let labels):
            guard labels.contains(where: { $0.elementsEqual(classification.utf8) }) else {
                return "the classification is none of the request's labels"
            }
        case .anyLabel(let classifier):
            guard !classification.isEmpty else { return "the classification is empty" }
            guard classifierID.map({ ClassifierKey.folded($0) == ClassifierKey.folded(classifier) }) ?? true else {
                return "the reply is of another classifier"
            }
        }
        return nil
    }

    private var failureVerdict: Verdict {
        switch credits {
        case .missing: .failedReply(.zero)
        case .null, .unsound: .unsoundCredits
        case .sound(let credits): .failedReply(credits)
        }
    }
}
