import Authentication
import Caching
import HTTPMessages
import Observability
import Vocabulary

/// The last requests of one worker, for operators. Confined to its worker.
///
/// A ring of records that are there from the start. A hit costs a few stores: its team and key are a number, its
/// document two words, and its status becomes a text when somebody asks. No record holds a result, whose body may be
/// large, or purged. What other requests have besides is in an object of its own.
final class RequestTrail {
    /// How many requests are kept, and how many are listed over all workers.
    static let countMax = 1_000

    /// What a request has that a hit does not.
    struct Details {
        let requestID: RequestID
        let cacheStatus: CacheStatus?
        var documentID: String?
        var path: [UInt8] = []
        var upstream: Duration?
        var error: String?
    }

    /// The details of a slot's request. The object stays for the next one. Confined to the trail's worker.
    private final class DetailsSlot {
        var details: Details

        init(_ details: Details) { self.details = details }
    }

    /// What is kept of the facts of a request that is no hit: these few, since facts would be copied.
    struct Origin {
        let route: Route?
        let method: HTTPMethod
        /// The number of its key; `noCaller` without a valid one.
        let caller: UInt32
        let startedAt: MonotonicInstant
    }

    private struct Record {
        var at = Timestamp(microseconds: 0)
        var nanoseconds: Int64 = 0
        var charged = MicroCredits.zero
        var saved = MicroCredits.zero
        /// Of a hit.
        var ttlSeconds: Int64 = 0
        /// Of a hit: the two halves of the identifier, and of the document.
        var requestID: (UInt64, UInt64) = (0, 0)
        var document: (high: UInt64, low: UInt64) = (0, 0)
        var model = ""  // empty: none
        /// Whether `details` has an object for it; a usual hit has none.
        var hasDetails = false
        var caller = RequestTrail.noCaller
        var status: UInt16 = 0
        var method = HTTPMethod.unknown
        var route: Route?
        var isStale = false
    }

    /// The number of a request without a valid key.
    static let noCaller = UInt32.max

    private static let slotCount = 1_024  // a power of two, so that a number gives its slot without a division
    private let records: UnsafeMutablePointer<Record>  // owned: deinitialized and freed in deinit
    /// What requests have that usual hits do not, by slot. Apart from the records, so that a hit touches no object.
    private var details = [DetailsSlot?](repeating: nil, count: RequestTrail.slotCount)
    private var next = 0
    /// The keys by their numbers: as many as were ever used while the process ran.
    private var callers: [(team: TeamID, key: TeamKeyID)] = []
    private var numbers: [TeamKeyID: UInt32] = [:]

    init() {
        records = .allocate(capacity: Self.slotCount)
        records.initialize(repeating: Record(), count: Self.slotCount)
    }

    deinit {
        records.deinitialize(count: Self.slotCount)
        records.deallocate()
    }

    /// The number under which requests of a key are kept.
    func number(of key: TeamKey) -> UInt32 {
        // A reload may give a key of the file to another team.
        if let number = numbers[key.id], callers[Int(number)].team == key.team.id { return number }
        let number = UInt32(callers.count)
        callers.append((key.team.id, key.id))
        numbers[key.id] = number
        return number
    }

    /// Adds a hit.
    ///
    /// - Parameter exchange: passed whole, since its facts would be copied.
    func add(
        _ result: CachedResult,
        _ exchange: Exchange,
        by caller: Caller,
        _ freshness: Freshness,
        charged: MicroCredits,
        at now: Timestamp,
        _ steady: MonotonicInstant
    ) {
        let slot = next & (Self.slotCount - 1)
        let record = records + slot
        next &+= 1
        record.pointee.at = now
        record.pointee.nanoseconds = steady.nanoseconds &- exchange.facts.startedAt.nanoseconds
        record.pointee.charged = charged
        record.pointee.saved = result.credits
        record.pointee.ttlSeconds = freshness.ttlSeconds
        record.pointee.document = result.documentWords
        record.pointee.model = result.model
        record.pointee.caller = caller.number
        record.pointee.status = result.status
        record.pointee.method = exchange.facts.method
        record.pointee.route = exchange.facts.route
        record.pointee.isStale = !freshness.isFresh
        switch exchange.facts.requestID {
        case .made(let high, let low) where exchange.facts.route == .classify:
            record.pointee.requestID = (high, low)
            if record.pointee.hasDetails { forgetDetails(slot) }
        case .made, .chosen:
            let ttl = freshness.ttlSeconds
            record.pointee.hasDetails = true
            keep(
                Details(
                    requestID: exchange.facts.requestID,
                    cacheStatus: freshness.isFresh ? .hit(ttlSeconds: ttl) : .hitStale(ttlSeconds: ttl),
                    documentID: result.documentID,
                    path: exchange.facts.unroutedPath
                ),
                slot
            )
        }
    }

    @inline(never)
    private func forgetDetails(_ slot: Int) {
        records[slot].hasDetails = false
        details[slot] = nil
    }

    /// Adds a request that is no hit.
    ///
    /// - Parameter model: nil when the request names none, or was refused before it was read.
    func add(
        _ details: consuming Details,
        _ origin: Origin,
        model: String?,
        status: Int,
        charged: MicroCredits,
        saved: MicroCredits,
        at now: Timestamp,
        _ steady: MonotonicInstant
    ) {
        let slot = next & (Self.slotCount - 1)
        let record = records + slot
        record.pointee.at = now
        record.pointee.nanoseconds = steady.nanoseconds &- origin.startedAt.nanoseconds
        record.pointee.charged = charged
        record.pointee.saved = saved
        record.pointee.model = model ?? ""
        record.pointee.hasDetails = true
        record.pointee.caller = origin.caller
        record.pointee.status = UInt16(clamping: status)
        record.pointee.method = origin.method
        record.pointee.route = origin.route
        // What only a hit has is not shown of one with details.
        keep(details, slot)
        next &+= 1
    }

    private func keep(_ details: consuming Details, _ slot: Int) {
        if let kept = self.details[slot] { kept.details = details } else { self.details[slot] = DetailsSlot(details) }
    }

    /// The requests that are kept, in the order of their answers.
    func requests(ofWorker worker: Int) -> [RecentRequest] {
        (max(0, next - Self.countMax)..<next).map { request($0, worker) }
    }

    private func request(_ number: Int, _ worker: Int) -> RecentRequest {
        let record = records[number & (Self.slotCount - 1)]
        let caller = record.caller == Self.noCaller ? nil : callers[Int(record.caller)]
        let ttl = record.ttlSeconds
        let hit = record.isStale ? CacheStatus.hitStale(ttlSeconds: ttl) : .hit(ttlSeconds: ttl)
        let details = record.hasDetails ? details[number & (Self.slotCount - 1)]?.details : nil
        let (high, low) = record.document
        return RecentRequest(
            at: record.at,
            worker: worker,
            number: number,
            requestID: details?.requestID ?? .made(record.requestID.0, record.requestID.1),
            team: caller?.team,
            key: caller?.key,
            method: record.method,
            path: record.route?.path?.description ?? String(decoding: details?.path ?? [], as: UTF8.self),
            status: Int(record.status),
            cacheStatus: details == nil ? hit : details?.cacheStatus,
            documentID: details == nil ? CachedResult.documentID(high: high, low: low) : details?.documentID,
            model: record.model.isEmpty ? nil : record.model,
            charged: record.charged,
            saved: record.saved,
            duration: .nanoseconds(record.nanoseconds),
            upstream: details?.upstream,
            error: details?.error
        )
    }
}
