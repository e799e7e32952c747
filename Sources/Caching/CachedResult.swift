import Synchronization
public import Vocabulary

/// A reply of the vendor as it is kept: what a hit is answered with, byte for byte.
///
/// Immutable but for two marks, which are atomic: whether it was used since the evicting hand last came by, and whether
/// it has left the memory cache. Any number of threads may hold one. The order of the fields wastes no room,
/// since a million of these are kept: 200 bytes, and only a body beside it in the usual case.
public final class CachedResult: Sendable {
    public let key: CacheKey
    /// The vendor's content, in storage of exactly its size.
    public let body: [UInt8]
    /// What the vendor charged for it.
    public let credits: MicroCredits
    /// When the vendor answered: from here its age counts.
    public let storedAt: Timestamp
    private let creditsLower, creditsUpper: UInt32  // both 0: the body names no credits
    let document: DocumentName
    private let marks = Atomic<UInt8>(0)
    /// 200; 400 or 404 for an error that is kept.
    public let status: UInt16
    private let textBytes: UInt32  // of the texts below that share no storage with other results'
    public let account: AccountID
    /// The team whose request was forwarded.
    public let team: TeamID
    public let model: String
    /// In canonical form; nil for all pages.
    public let pageRange: String?
    /// The label that the vendor chose; empty for an error.
    public let classification: String
    /// The saved classifier that was asked, folded (`ClassifierKey`); nil for a request with a schema of its own.
    public let classifier: String?

    /// - Parameters:
    ///   - body: at most 4 GiB.
    ///   - creditsRange: where in `body` the number of `credits_used` is; nil when it is absent.
    public init(
        key: CacheKey,
        status: UInt16,
        body: [UInt8],
        creditsRange: Range<Int>?,
        credits: MicroCredits,
        storedAt: Timestamp,
        account: AccountID,
        team: TeamID,
        documentID: String,
        model: String,
        pageRange: String?,
        classification: String,
        classifier: String? = nil
    ) {
        if let creditsRange {
            precondition(!creditsRange.isEmpty && creditsRange.lowerBound >= 0 && creditsRange.upperBound <= body.count)
        }
        let account = SharedText.share(account.rawValue)
        let team = SharedText.share(team.rawValue)
        let model = SharedText.share(model)
        let classification = SharedText.share(classification)
        let classifier = classifier.map { SharedText.share($0) }
        self.key = key
        self.status = status
        self.body = exactlySized(body)
        self.credits = credits
        self.storedAt = storedAt
        self.creditsLower = UInt32(creditsRange?.lowerBound ?? 0)
        self.creditsUpper = UInt32(creditsRange?.upperBound ?? 0)
        self.document = DocumentName(documentID)
        self.account = AccountID(rawValue: account.text)
        self.team = TeamID(rawValue: team.text)
        self.model = model.text
        self.pageRange = pageRange.map(SharedText.compact)
        self.classification = classification.text
        self.classifier = classifier?.text
        let pageRangeBytes = SharedText.storageBytes(ofLength: pageRange?.utf8.count ?? 0)
        let ownBytes = account.ownBytes + team.ownBytes + model.ownBytes + classification.ownBytes + pageRangeBytes
        self.textBytes = UInt32(clamping: ownBytes + document.ownBytes + (classifier?.ownBytes ?? 0))
    }

    /// The same result without marks: for one that left the cache and is put there again.
    init(copying other: CachedResult) {
        key = other.key
        body = other.body
        credits = other.credits
        storedAt = other.storedAt
        creditsLower = other.creditsLower
        creditsUpper = other.creditsUpper
        document = other.document
        status = other.status
        textBytes = other.textBytes
        account = other.account
        team = other.team
        model = other.model
        pageRange = other.pageRange
        classification = other.classification
        classifier = other.classifier
    }
}

extension CachedResult {
    /// The document's identifier; made anew at each call.
    public var documentID: String { document.text }

    /// The document's identifier as two words; both 0 for a text that is no UUID.
    @inline(__always)
    public var documentWords: (high: UInt64, low: UInt64) {
        switch document {
        case .uuid(let high, let low): (high, low)
        case .text: (0, 0)
        }
    }

    /// The identifier of a document by its words; nil when both are 0.
    public static func documentID(high: UInt64, low: UInt64) -> String? {
        high == 0 && low == 0 ? nil : DocumentName.uuid(high, low).text
    }

    /// Where in `body` the number of `credits_used` is.
    public var creditsRange: Range<Int>? {
        creditsUpper == 0 ? nil : Int(creditsLower)..<Int(creditsUpper)
    }

    /// The saved classifier that was asked; nil for a request with a schema of its own.
    public var classifierKey: ClassifierKey? { classifier.map { ClassifierKey(account: account, folded: $0) } }

    /// Whether it is an error of the vendor, which only memory keeps.
    var isError: Bool { status != 200 }

    /// The body with its `credits_used` reading 0, made anew at each call; the body itself when it names none.
    public var bodyCreditsZero: [UInt8] {
        guard let creditsRange else { return body }
        var copy: [UInt8] = []
        copy.reserveCapacity(body.count - creditsRange.count + 1)
        copy.append(contentsOf: body[..<creditsRange.lowerBound])
        copy.append(UInt8(ascii: "0"))
        copy.append(contentsOf: body[creditsRange.upperBound...])
        return copy
    }

    /// What keeping this result takes, in bytes: the object, its storage, and its place in the cache's tables.
    public var byteCount: Int { Self.fixedBytes + ((body.count + 15) & ~15) + Int(textBytes) }

    /// 208 for the object, 40 for the head of the body's storage (both with malloc's word), 40 for the record and 12
    /// for the slot in each of two indexes, these with what growth leaves empty on average. `CacheMemoryTests` compares
    /// this with what the process takes.
    private static let fixedBytes = 208 + 40 + 44 + 12 + 12
}

extension CachedResult {
    private static let visitedMark: UInt8 = 1
    private static let retiredMark: UInt8 = 2

    /// Says that it was used. Writes only when it has to, so that a hot result's cache line stays shared.
    func markVisited() {
        if marks.load(ordering: .relaxed) & Self.visitedMark == 0 {
            marks.bitwiseOr(Self.visitedMark, ordering: .relaxed)
        }
    }

    /// Takes the mark away; true when it was there.
    func clearVisited() -> Bool {
        marks.bitwiseAnd(~Self.visitedMark, ordering: .relaxed).oldValue & Self.visitedMark != 0
    }

    /// Whether it has left the cache: then no alias may lead to it.
    var isRetired: Bool { marks.load(ordering: .acquiring) & Self.retiredMark != 0 }

    func retire() { marks.bitwiseOr(Self.retiredMark, ordering: .releasing) }
}

/// A copy without spare room when there is more of it than malloc's rounding explains.
private func exactlySized(_ body: [UInt8]) -> [UInt8] {
    guard body.capacity - body.count >= 32 else { return body }
    var copy: [UInt8] = []
    copy.reserveCapacity(body.count)
    copy.append(contentsOf: body)
    return copy
}
